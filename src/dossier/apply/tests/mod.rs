//! What facts and commands do, each rule by name. `World` holds every line against the invariants besides.

mod anomalies;
mod codes;
mod commands;
mod days;
mod decisions;
mod handover;
mod in_time;
mod particulars;
mod returns;
mod table;
