//! What the integration tests stand on, as far as the storm stands on it too.

#[path = "../../it/support/book.rs"]
pub mod book;
#[path = "../../it/support/codes.rs"]
pub mod codes;
#[path = "../../it/support/gateway.rs"]
pub mod gateway;
#[path = "../../it/support/partner.rs"]
pub mod partner;
#[path = "../../it/support/seed.rs"]
pub mod seed;
#[path = "../../it/support/wait.rs"]
pub mod wait;
