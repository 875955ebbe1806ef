//! Every limit on untrusted input, in one place, the same on every machine (design section 8).
//!
//! A limit that is passed gives a message with the limit and where it was passed; nothing is cut off silently.

/// Bytes of one `.own` file.
pub const POLICY_BYTES_MAX: usize = 8 << 20;
/// Bytes of all `.own` files of a project.
pub const POLICY_SET_BYTES_MAX: usize = 64 << 20;
/// `.own` files of a project.
pub const POLICY_FILES_MAX: usize = 10_000;
/// Folders inside folders of a project.
pub const FOLDERS_DEEP_MAX: usize = 32;
/// Bytes of `ownward.toml`.
pub const CONFIG_BYTES_MAX: usize = 1 << 20;
/// Bytes of the list of files that git gives of a revision's folder.
pub const REVISION_LISTING_BYTES_MAX: usize = 64 << 20;
/// Brackets inside brackets.
pub const NESTING_MAX: usize = 64;
/// Signs of `+ - * /` on the way into one sum: each is a level deeper for everything that walks it.
pub const SUM_SIGNS_MAX: usize = 128;
/// Conditions and values inside each other, defines opened.
pub const CONDITION_DEPTH_MAX: usize = 512;
/// Conditions and values that the defines of a policy set open into where they are used.
pub const DEFINED_PARTS_MAX: usize = 2_000_000;
/// Diagnostics shown in one run; the count of the rest is told.
pub const DIAGNOSTICS_MAX: usize = 100;
/// Bytes of one list or table file kept beside the policies.
pub const LIST_BYTES_MAX: usize = 64 << 20;
/// Bytes of one cell of a snapshot.
pub const CELL_BYTES_MAX: usize = 1 << 20;
/// Bytes of one record (a CSV row, a JSON line) of a snapshot.
pub const RECORD_BYTES_MAX: usize = 16 << 20;
/// Columns of one table or file of a snapshot.
pub const COLUMNS_MAX: usize = 10_000;
/// Rows of one record type in a snapshot; row numbers are 32 bits wide and a few values are reserved.
pub const ROWS_MAX: usize = u32::MAX as usize - 16;
/// Bytes of distinct text in one column.
pub const COLUMN_TEXT_BYTES_MAX: usize = u32::MAX as usize;
/// Compiled size of one regular expression, in bytes.
pub const REGEX_BYTES_MAX: usize = 1 << 20;
/// Steps of one dotted path (`account.parent.status` has three).
pub const PATH_STEPS_MAX: usize = 8;
/// Boxes one rule may be cut into before its condition becomes a column of its own.
pub const BOXES_PER_RULE_MAX: usize = 64;
/// Boxes one rule may be cut into for a proof.
pub const BOXES_PER_PROOF_MAX: usize = 1_024;
/// Atoms one field may be cut into before further tests on it become columns of their own.
pub const ATOMS_PER_FIELD_MAX: usize = 60_000;
/// Choices of one field.
pub const CHOICES_MAX: usize = 10_000;
/// Looks at boxes that the search for one rule's records may take, before it says "not decided".
pub const ANALYSIS_STEPS_MAX: u64 = 2_000_000;
/// Looks at boxes that all questions about one role may take together.
pub const ANALYSIS_STEPS_TOTAL: u64 = 40_000_000;
/// Conditions that imagining records for the questions about one role may ask.
pub const ANALYSIS_TRIES_TOTAL: u64 = 200_000;
/// Looks at boxes that the search for what would have to change in one record may take, before it says "not decided".
pub const COUNTERFACTUAL_STEPS_MAX: u64 = 5_000_000;
