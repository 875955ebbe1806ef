//! Owners as 32-bit codes, so that a column of them costs four bytes a row.

use crate::value::Owner;
use indexmap::IndexSet;

/// The code of no owner.
pub const NOBODY: u32 = u32::MAX;

/// Every owner of a run, each once.
#[derive(Clone, Debug, Default)]
pub struct OwnerTable {
    owners: IndexSet<Owner, rustc_hash::FxBuildHasher>,
}

impl OwnerTable {
    /// The code of an owner; a new one where it was not known.
    pub fn code(&mut self, owner: &Owner) -> u32 {
        if let Some(index) = self.owners.get_index_of(owner) {
            return u32::try_from(index).unwrap_or(NOBODY);
        }
        let (index, _) = self.owners.insert_full(owner.clone());
        u32::try_from(index).unwrap_or(NOBODY)
    }

    /// The code of an owner, or [`NOBODY`].
    pub fn code_of(&mut self, owner: Option<&Owner>) -> u32 {
        owner.map_or(NOBODY, |owner| self.code(owner))
    }

    /// The owner of a code; `None` for [`NOBODY`].
    pub fn get(&self, code: u32) -> Option<&Owner> {
        self.owners.get_index(code as usize)
    }

    pub fn len(&self) -> usize {
        self.owners.len()
    }

    pub fn is_empty(&self) -> bool {
        self.owners.is_empty()
    }
}
