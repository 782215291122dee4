//! Codes that people scan and type.

/// A code as understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code;
