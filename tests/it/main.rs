//! One program for all integration tests: a module a command or promise.

mod cases;
mod check;
mod commands;
mod diagnostics;
mod docs;
mod faults;
mod format;
mod found;
mod generate;
mod language;
mod language_docs;
mod layers;
mod maven;
mod messages;
mod model;
mod noisy;
mod oracle;
mod people;
mod pins;
mod policies;
mod pool_laws;
mod pools;
mod robust;
mod sandbox;
mod whole;
mod world;
