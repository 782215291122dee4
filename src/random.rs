//! Randomness is injected: salts, ids and keys come from here.

use std::fmt;
use std::sync::Arc;

/// A source of random bytes.
pub trait Random: fmt::Debug + Send + Sync {
    /// Fills a buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// Randomness shared by all stations.
pub type SharedRandom = Arc<dyn Random>;

/// The operating system's randomness.
#[derive(Debug)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        // Without randomness a gateway must not make salts or keys; Linux's getrandom fails only before early boot.
        #[expect(clippy::expect_used, reason = "going on without randomness would be worse")]
        getrandom::fill(buffer).expect("the operating system gives no random bytes");
    }
}
