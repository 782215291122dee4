//! Codes that people scan and type.

use serde::{Deserialize, Serialize};

/// A code as understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code;
