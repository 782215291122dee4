//! What the integration tests stand on, as far as the replay stands on it too.

#[path = "../../it/support/codes.rs"]
pub mod codes;
#[path = "../../it/support/gateway.rs"]
pub mod gateway;
#[path = "../../it/support/partner.rs"]
pub mod partner;
#[path = "../../it/support/wait.rs"]
pub mod wait;
