//! The command line, as data: help, completions and man pages are made from it.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Who owns this record, and why?
///
/// Ownward reads ownership rules written as sentences (.own files), decides the owner of every record of a snapshot,
/// and keeps every change with its reason.
#[derive(Debug, Parser)]
#[command(
    name = "ownward",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 fine; 1 findings, failed tests, failed verify or max-moves; 2 could not run.\n\nExample:\n  ownward plan policies/crm"
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Args)]
pub struct Global {
    /// How results and messages are written
    #[arg(long, value_enum, default_value = "text", global = true)]
    pub format: Format,
    /// When to use colour
    #[arg(long, value_enum, default_value = "auto", global = true)]
    pub color: Color,
    /// Show no progress
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For people, without drawings: screen readers and logs
    Plain,
    /// One JSON value
    Json,
    /// One JSON value a line
    Jsonl,
    /// Comma-separated, safe to open in a spreadsheet
    Csv,
    /// Annotations for GitHub
    Github,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// GitLab's code quality report
    Gitlab,
    /// JUnit XML, which most CI systems show as tests
    Junit,
    /// A comment on a pull or merge request
    Markdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a project from a CSV file, a folder of them, or a database
    Init(InitArgs),
    /// Check the policies: every error, with its cause and its mend
    Check(CheckArgs),
    /// Lay policies out in the one tidy way
    Fmt(FmtArgs),
    /// Run the tests written beside the rules
    Test(TestArgs),
    /// Decide every record and show the result; nothing is written
    Decide(DecideArgs),
    /// Show what would change: old and new owner, rule and reason
    Plan(PlanArgs),
    /// Tell what a change of policies does to owners
    Diff(DiffArgs),
    /// Record the changes in the ledger
    Apply(ApplyArgs),
    /// Say why a record has its owner: every rule in order
    Explain(ExplainArgs),
    /// Show who owned a record, since when and why
    History(HistoryArgs),
    /// Set the owner of one record by hand: it comes before every rule
    Pin(PinArgs),
    /// Take back what `pin` set
    Unpin(UnpinArgs),
    /// List every owner that was set by hand, and what is still needed of them
    Pins(PinsArgs),
    /// List every change that time alone will bring, and who should be in touch when
    Upcoming(UpcomingArgs),
    /// Prove that the ledger was not changed
    Verify(VerifyArgs),
    /// Print shell completions
    Completions(CompletionsArgs),
    /// Write man pages into a folder
    Man(ManArgs),
}

/// Where the policies and the records are.
#[derive(Debug, Clone, Args)]
pub struct ProjectArgs {
    /// The project's folder, or one .own file; default: here, or the nearest ownward.toml upward
    #[arg(value_name = "PROJECT")]
    pub project: Option<PathBuf>,
    /// Read the records from here instead: a database, a CSV or JSON lines file, or a folder of them
    #[arg(long, value_name = "PATH")]
    pub source: Option<PathBuf>,
}

/// The moment that "today" means.
#[derive(Debug, Clone, Args)]
pub struct WhenArgs {
    /// A day (2026-01-31) or an instant (2026-01-31T09:00:00Z) instead of now
    #[arg(long, value_name = "WHEN")]
    pub as_of: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ownward init accounts.csv\n  ownward init data --into .")]
pub struct InitArgs {
    /// A CSV or JSON lines file, a folder of them, or a SQLite database
    #[arg(value_name = "DATA")]
    pub data: PathBuf,
    /// The folder to write the project into, with the data in it or below; default: the data's folder
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,
    /// The project's name
    #[arg(long)]
    pub name: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ownward check policies/crm --format github\n  ownward check policies/crm --fix\n  ownward check --write-baseline ownward.baseline\n  ownward check --baseline ownward.baseline --strict"
)]
pub struct CheckArgs {
    #[command(flatten)]
    pub project: ProjectArgs,
    /// Read the data too: names it does not know are errors, not notes, and so is what would stop a run
    #[arg(long)]
    pub require_data: bool,
    /// Read the records too: of gaps between rules tell those whose values occur, and how many records are in none
    #[arg(long)]
    pub data: bool,
    /// Show for each field that may be missing which rules receive the records without it
    #[arg(long)]
    pub missing: bool,
    /// Fail on warnings too
    #[arg(long)]
    pub strict: bool,
    /// Say nothing of the findings that this file lists
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// List the findings of today in this file, for --baseline
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    pub write_baseline: Option<PathBuf>,
    /// Mend what can be mended without a second thought, and show it
    #[arg(long)]
    pub fix: bool,
    /// With --fix: show what would be mended, and write nothing
    #[arg(long, requires = "fix")]
    pub dry_run: bool,
    /// Where the pages of the messages can be read: links in the forms for CI begin with it
    #[arg(long, value_name = "URL")]
    pub docs: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ownward fmt policies/crm\n  ownward fmt --check\n  ownward fmt --check --format github"
)]
pub struct FmtArgs {
    /// Files or folders; `-` reads stdin and writes stdout; default: this project
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Change nothing; fail if a file is not tidy
    #[arg(long)]
    pub check: bool,
    /// Show what would change
    #[arg(long)]
    pub diff: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ownward test --project policies/crm\n  ownward test renewal --project policies/crm --coverage --junit tests.xml"
)]
pub struct TestArgs {
    /// Only tests whose name holds one of these, in any letter case
    #[arg(value_name = "FILTER")]
    pub filters: Vec<String>,
    /// The project's folder, or one .own file; default: here, or the nearest ownward.toml upward
    #[arg(long, value_name = "DIR")]
    pub project: Option<PathBuf>,
    /// Only list the tests
    #[arg(long)]
    pub list: bool,
    /// Say which rules, conditions and bounds no test exercises
    #[arg(long)]
    pub coverage: bool,
    /// Fail (exit code 1) if the tests exercise fewer of the rules
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub min_coverage: Option<u8>,
    /// Write the results as JUnit XML too
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Change the rules in every small way, and name the changes that no test notices
    #[arg(long, conflicts_with_all = ["list", "coverage", "min_coverage", "junit"])]
    pub mutate: bool,
    /// Fail (exit code 1) if more changes than this go unnoticed
    #[arg(long, value_name = "N", requires = "mutate")]
    pub max_survivors: Option<usize>,
    /// Change or generate only for these roles: `owner`, or `owner of Account`
    #[arg(long, value_name = "ROLE")]
    pub role: Vec<String>,
    /// Write tests that reach every rule and both sides of every bound, expecting what the rules decide now
    #[arg(long, conflicts_with_all = ["list", "coverage", "min_coverage", "junit", "mutate"])]
    pub generate: bool,
    /// Write them into this new `.own` file of the project instead of to stdout
    #[arg(long, value_name = "FILE", requires = "generate")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ownward decide policies/crm --format csv > owners.csv")]
pub struct DecideArgs {
    #[command(flatten)]
    pub project: ProjectArgs,
    #[command(flatten)]
    pub when: WhenArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ownward plan policies/crm --out plan.json\n  ownward apply plan.json --project policies/crm --yes"
)]
pub struct PlanArgs {
    #[command(flatten)]
    pub project: ProjectArgs,
    #[command(flatten)]
    pub when: WhenArgs,
    #[command(flatten)]
    pub run: RunArgs,
    /// Save the plan, to be applied as it is
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Show every change, not only the first ones
    #[arg(long)]
    pub all: bool,
    /// Fail (exit code 1) if records have these outcomes
    #[arg(long, value_name = "OUTCOMES", value_delimiter = ',')]
    pub fail_on: Vec<String>,
    /// Fail (exit code 1) if anything would change
    #[arg(long)]
    pub fail_on_change: bool,
}

/// What a run may do.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Stop if more records would move: a number, or a share such as 20%
    #[arg(long, value_name = "LIMIT")]
    pub max_moves: Option<String>,
    /// What to do with owners that were changed outside
    #[arg(long, value_enum)]
    pub drift: Option<DriftArg>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DriftArg {
    /// Keep them and list them until somebody decides
    Report,
    /// Keep them
    Accept,
    /// Let the rules decide
    Restore,
}

#[derive(Debug, Args)]
#[command(
    after_help = "OLD and NEW are project folders or git revisions of the project at hand. Exit codes: 0 compared, 1 a limit was passed or --fail-on-change, 2 could not run.\n\nExample:\n  ownward diff HEAD~1\n  ownward diff main:policies/crm policies/crm --data --value arr --max-moved 5%"
)]
pub struct DiffArgs {
    /// The policies before: a folder, or a revision (HEAD~1, main, main:policies/crm)
    #[arg(value_name = "OLD")]
    pub old: String,
    /// The policies after; default: the project at hand
    #[arg(value_name = "NEW")]
    pub new: Option<String>,
    /// The project at hand, to which revisions without a path belong; default: NEW if it is a folder, else here
    #[arg(long, value_name = "DIR")]
    pub project: Option<PathBuf>,
    /// Decide the records with both policies, too, and count who moves
    #[arg(long)]
    pub data: bool,
    /// Read the records from here instead
    #[arg(long, value_name = "PATH", requires = "data")]
    pub source: Option<PathBuf>,
    #[command(flatten)]
    pub when: WhenArgs,
    /// Add up this number of the records that move: `arr`, or `Opportunity.amount`
    #[arg(long, value_name = "FIELD", requires = "data")]
    pub value: Option<String>,
    /// How many of the records that move are listed
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    pub limit: usize,
    /// Fail (exit code 1) if more records move: a number, or a share such as 5% of those that have an owner
    #[arg(long, value_name = "LIMIT", requires = "data")]
    pub max_moved: Option<String>,
    /// Fail (exit code 1) if more value moves: 500000, 1.5M or "500000 EUR"
    #[arg(long, value_name = "AMOUNT", requires = "value")]
    pub max_moved_value: Option<String>,
    /// Fail (exit code 1) unless the policies are proved to be equivalent
    #[arg(long, visible_alias = "exit-code")]
    pub fail_on_change: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ownward apply policies/crm --yes")]
pub struct ApplyArgs {
    /// A project's folder, or a plan saved with `plan --out`
    #[arg(value_name = "PROJECT|PLAN")]
    pub project: Option<PathBuf>,
    /// The project a saved plan belongs to; default: here
    #[arg(long = "project", value_name = "DIR")]
    pub plan_project: Option<PathBuf>,
    /// Read the records from here instead
    #[arg(long, value_name = "PATH")]
    pub source: Option<PathBuf>,
    #[command(flatten)]
    pub when: WhenArgs,
    #[command(flatten)]
    pub run: RunArgs,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Allow a moment before the last run's
    #[arg(long, requires = "because")]
    pub backdate: bool,
    /// Why the run is backdated
    #[arg(long, value_name = "TEXT")]
    pub because: Option<String>,
    /// Who applies; default: the user of this machine
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ownward explain Account A-17 policies/crm\n  ownward explain Account A-17 policies/crm --as-of 2026-03-31\n  ownward explain Account A-17 policies/crm --why-not ana.silva\n  ownward explain Account A-17 policies/crm --to ana.silva"
)]
pub struct ExplainArgs {
    /// The record type, such as Account
    pub record: String,
    /// The record's key
    pub key: String,
    #[command(flatten)]
    pub project: ProjectArgs,
    /// The role to explain
    #[arg(long, default_value = "owner")]
    pub role: String,
    /// Explain the decision that stood at this moment, from the ledger alone; no new one is made for it
    #[arg(long, value_name = "WHEN")]
    pub as_of: Option<String>,
    /// Say what keeps each rule from giving the record to this person, team or queue
    #[arg(long, value_name = "NAME", conflicts_with_all = ["as_of", "to"])]
    pub why_not: Option<String>,
    /// Find the fewest changes after which the rules would give the record to this person, team or queue
    #[arg(long, value_name = "NAME", conflicts_with = "as_of")]
    pub to: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ownward history Account A-17 policies/crm")]
pub struct HistoryArgs {
    /// The record type, such as Account
    pub record: String,
    /// The record's key
    pub key: String,
    #[command(flatten)]
    pub project: ProjectArgs,
    /// Only this role
    #[arg(long)]
    pub role: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "The pin is an entry of the ledger; it takes effect with the next `ownward apply`. Without --from it counts from today.\n\nExample:\n  ownward pin Account A-17 ana.silva policies/crm --until 2027-03-31 --because \"agreed by the VP\""
)]
pub struct PinArgs {
    /// The record type, such as Account
    pub record: String,
    /// The record's key
    pub key: String,
    /// A person (by key, email or name), a team or a queue
    pub owner: String,
    #[command(flatten)]
    pub project: ProjectArgs,
    /// The role to pin
    #[arg(long, default_value = "owner")]
    pub role: String,
    /// The first day on which it counts
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// The last day on which it counts
    #[arg(long, value_name = "DAY")]
    pub until: Option<String>,
    /// Why: it stands in plans, explanations and the ledger
    #[arg(long, value_name = "TEXT")]
    pub because: String,
    /// Pin a record that neither the source nor the ledger has yet
    #[arg(long)]
    pub absent: bool,
    /// Who pins; default: the user of this machine
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ownward unpin Account A-17 policies/crm --because \"the VP has left\"")]
pub struct UnpinArgs {
    /// The record type, such as Account
    pub record: String,
    /// The record's key
    pub key: String,
    #[command(flatten)]
    pub project: ProjectArgs,
    /// The role that is pinned
    #[arg(long, default_value = "owner")]
    pub role: String,
    /// Why it is taken back
    #[arg(long, value_name = "TEXT")]
    pub because: Option<String>,
    /// Who takes it back; default: the user of this machine
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ownward pins policies/crm\n  ownward pins policies/crm --format csv > pins.csv")]
pub struct PinsArgs {
    #[command(flatten)]
    pub project: ProjectArgs,
    #[command(flatten)]
    pub when: WhenArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Records, people and policies are taken as they are; each day starts from where the day before ended.\n\nExample:\n  ownward upcoming policies/crm --days 90\n  ownward upcoming policies/crm --ics owners.ics"
)]
pub struct UpcomingArgs {
    #[command(flatten)]
    pub project: ProjectArgs,
    #[command(flatten)]
    pub when: WhenArgs,
    /// How many days to look ahead
    #[arg(long, value_name = "NUMBER", default_value_t = 90)]
    pub days: i32,
    /// Write a calendar that mail programs can import; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub ics: Option<PathBuf>,
    /// Show every event, not only the first ones
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ownward verify policies/crm --write-checkpoint ownward.checkpoint\n  ownward verify policies/crm --checkpoint ownward.checkpoint"
)]
pub struct VerifyArgs {
    #[command(flatten)]
    pub project: ProjectArgs,
    /// An older checkpoint: proves that nothing was cut off since
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// Write a checkpoint of the ledger as it is, to be kept elsewhere
    #[arg(long, value_name = "FILE")]
    pub write_checkpoint: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ownward completions bash > ownward.bash")]
pub struct CompletionsArgs {
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ownward man man/")]
pub struct ManArgs {
    /// The folder to write into
    pub dir: PathBuf,
}
