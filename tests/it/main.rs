//! The one integration-test program: a module a subject.

mod docs;
mod policies;
mod sandbox;
