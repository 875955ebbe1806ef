//! The one integration-test program: a module a subject.

mod check;
mod docs;
mod policies;
mod sandbox;
