use super::*;
use crate::value::calendar::BusinessCalendar;
use std::fs;
use tempfile::TempDir;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn names(project: &Project) -> Vec<&str> {
    project.sources.iter().map(|(_, f)| f.name.as_str()).collect()
}

fn refused(files: &[(&str, &str)]) -> Diagnostic {
    let folder = folder(files);
    let error = Project::open(folder.path()).unwrap_err();
    error.findings.into_iter().next().unwrap()
}

fn config_error(text: &str) -> Diagnostic {
    Config::parse(text, crate::source::FileId(0)).unwrap_err()
}

#[test]
fn a_project_is_found_upward_and_read_in_order() {
    let folder = folder(&[
        ("ownward.toml", "name = \"crm\"\n"),
        ("b.own", "# b"),
        ("teams/a.own", "# a"),
        (".git/c.own", "# hidden"),
        (".ownward/d.own", "# ledger"),
        ("notes.txt", "no policy"),
    ]);
    let project = Project::open(&folder.path().join("teams")).unwrap();
    assert_eq!(names(&project), ["b.own", "teams/a.own"]);
    assert_eq!(project.config.name.as_deref(), Some("crm"));
    assert_eq!(project.root, folder.path().canonicalize().unwrap());
}

#[test]
fn a_folder_without_settings_needs_a_policy() {
    let with = folder(&[("a.own", "")]);
    let project = Project::open(with.path()).unwrap();
    assert_eq!(project.config_text, "");
    assert_eq!(refused(&[("a.txt", "")]).code, Code::NoProject);
}

#[test]
fn a_single_file_is_the_whole_policy() {
    let folder = folder(&[("a.own", "# a"), ("b.own", "# b"), ("c.txt", "")]);
    let project = Project::open(&folder.path().join("b.own")).unwrap();
    assert_eq!(names(&project), ["b.own"]);
    assert!(Project::open(&folder.path().join("c.txt")).is_err());
    assert!(Project::open(&folder.path().join("d.own")).is_err());
}

fn calendar(project: &Project) -> Result<BusinessCalendar, Diagnostic> {
    project.config.calendar(project.read_holidays()?.as_deref())
}

#[test]
fn business_hours_and_holidays_are_read() {
    let toml = "zone = \"Europe/Berlin\"\n[calendar]\nholidays = \"days/holidays.csv\"\n\
                hours = { monday = \"9:00-12:00, 13:00-17:30\", sunday = \"closed\" }\n";
    let with = |holidays: &str| {
        let folder = folder(&[("ownward.toml", toml), ("days/holidays.csv", holidays)]);
        calendar(&Project::open(folder.path()).unwrap())
    };
    let instant = |text: &str| text.parse::<jiff::Zoned>().unwrap().timestamp().as_microsecond();
    // Monday, 25 May 2026, is a holiday; the hours of the next Monday are 3 and 4 and a half.
    let (from, until) = (instant("2026-05-25T00:00[Europe/Berlin]"), instant("2026-06-02T00:00[Europe/Berlin]"));
    for holidays in ["2026-05-25\n\n2026-12-25", "name;Day\nWhit Monday;2026-05-25\n;\n", "day\n2026-05-25\n"] {
        assert_eq!(with(holidays).unwrap().between(from, until), 450, "{holidays}");
    }
    assert_eq!(with("").unwrap().between(from, until), 900);
    let broken = with("day\n2026-05-25\n25.05.2026\n").unwrap_err();
    assert_eq!((broken.code, broken.headline.as_str()), (Code::WrongDate, "`25.05.2026` is no day"));
    assert!(broken.notes[0].starts_with("days/holidays.csv line 3:"), "{broken:?}");
    let torn = with("day,name\n2026-05-25,Whit Monday,free\n").unwrap_err();
    assert_eq!(torn.headline, "`days/holidays.csv` line 2 has 3 cells under 2 headers");
    assert!(with("2026-05-25\nnever\n").unwrap_err().notes[0].contains(" line 2:"));
    let absent = folder(&[("ownward.toml", "[calendar]\nholidays = \"none.csv\"\n")]);
    assert_eq!(calendar(&Project::open(absent.path()).unwrap()).unwrap_err().code, Code::UnreadableFile);
}

#[test]
fn hours_that_cannot_be_meant_are_refused() {
    let said = |hours: &str| {
        let error = config_error(&format!("[calendar]\nhours = {{ {hours} }}\n"));
        (error.headline, error.help.unwrap_or_default())
    };
    assert_eq!(said("mnday = \"9:00-17:00\""), ("`mnday` is not known here".into(), "did you mean `monday`?".into()));
    let (headline, help) = said("monday = \"22:00-6:00\"");
    assert_eq!(headline, "`22:00-6:00` are no hours of a day");
    assert!(help.contains("over midnight"), "{help}");
    assert_eq!(said("monday = 9").0, "expected text in quotes, found the number `9`");
    assert_eq!(said("monday = \"closed\"").0, "the week has no open hour");
    assert_eq!(said("").0, "the week has no open hour");
    assert_eq!(config_error("[calendar]\nholiday = \"a.csv\"").help.as_deref(), Some("did you mean `holidays`?"));
    assert_eq!(
        config_error("[calendar]\nholidays = \"../a.csv\"").headline,
        "`../a.csv` is no path inside the project"
    );
}

#[test]
fn broken_bytes_are_named_by_file_and_offset() {
    let folder = folder(&[]);
    fs::write(folder.path().join("a.own"), b"when \xff").unwrap();
    let error = Project::open(folder.path()).unwrap_err();
    assert_eq!(error.to_string(), "`a.own` is not written in UTF-8: byte 5 begins no character");
}

#[cfg(unix)]
#[test]
fn links_stay_inside_and_files_are_read_once() {
    use std::os::unix::fs::symlink;
    let outside = folder(&[("x.own", "# x")]);
    let inside = folder(&[("a.own", "# a")]);
    symlink(inside.path().join("a.own"), inside.path().join("0.own")).unwrap();
    symlink(inside.path(), inside.path().join("loop")).unwrap();
    assert_eq!(names(&Project::open(inside.path()).unwrap()), ["a.own"]);
    symlink(outside.path().join("x.own"), inside.path().join("x.own")).unwrap();
    let error = Project::open(inside.path()).unwrap_err();
    assert_eq!(error.findings[0].code, Code::OutsideProject);
    fs::remove_file(inside.path().join("x.own")).unwrap();
    symlink(outside.path(), inside.path().join("far")).unwrap();
    assert!(Project::open(inside.path()).is_err());
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_opened() {
    let folder = folder(&[("a.own", "")]);
    let pipe = folder.path().join("p.own");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if made.is_ok_and(|status| status.success()) {
        let error = Project::open(folder.path()).unwrap_err();
        assert_eq!(error.to_string(), "`p.own` is no regular file");
    }
}

#[test]
fn files_beside_the_policies_are_read_and_others_are_not() {
    let folder = folder(&[("a.own", ""), ("lists/names.csv", "\u{feff}name\nAcme\n")]);
    let project = Project::open(folder.path()).unwrap();
    assert_eq!(project.read_beside("lists/names.csv").unwrap(), "name\nAcme\n");
    for outside in ["/etc/passwd", "../x.csv", "lists/../../x", ""] {
        let finding = project.read_beside(outside).unwrap_err();
        assert_eq!(finding.code, Code::OutsideProject, "{outside}");
    }
    let finding = project.read_beside("lists/nmaes.csv").unwrap_err();
    assert_eq!(finding.help.as_deref(), Some("did you mean `names.csv`?"));
    assert_eq!(project.read_beside("lists").unwrap_err().headline, "`lists` is no regular file");
}

#[test]
fn all_settings_are_read() {
    let text = r#"
        name = "crm"
        zone = "Europe/Berlin"
        [source]
        sqlite = "crm.db"
        complete = true
        numbers = { decimal = ",", grouping = "." }
        dates = "%d.%m.%Y"
        times = "%Y-%m-%d %H:%M"
        [records.Account]
        table = "crm_accounts"
        dates = "%m/%d/%y"
        columns = { arr = "Annual Recurring Revenue" }
        [ledger]
        file = "ledger/owners.db"
        drift = "accept"
        max-moves = 500
        [write-back]
        owners = "file"
        file = "out.csv"
    "#;
    let config = Config::parse(text, crate::source::FileId(0)).unwrap();
    assert_eq!(config.zone.iana_name(), Some("Europe/Berlin"));
    assert_eq!(config.source.location, Location::Sqlite("crm.db".into()));
    assert!(config.source.complete);
    assert_eq!(config.formats("account").date.as_deref(), Some("%m/%d/%y"));
    assert_eq!(config.formats("Contact").date.as_deref(), Some("%d.%m.%Y"));
    assert_eq!(config.formats("Account").number.decimal, ',');
    assert_eq!(config.ledger.max_moves, MaxMoves::Count(500));
    assert_eq!(config.ledger.drift, Drift::Accept);
    assert_eq!(config.write_back.owners, OwnersTo::File);
}

#[test]
fn wrong_settings_are_mended_by_name() {
    let cases = [
        ("zome = \"UTC\"", "`zome` is not known here", "did you mean `zone`?"),
        ("[source]\nsqllite = \"a\"", "`sqllite` is not known here", "did you mean `sqlite`?"),
        ("[ledger]\ndrift = \"rport\"", "`rport` is not known here", "did you mean `report`?"),
        ("zone = \"Europe/Berlim\"", "`Europe/Berlim` is no time zone", "did you mean `Europe/Berlin`?"),
        (
            "[source]\ncsv = \"a\"\nsqlite = \"b\"",
            "the source is named twice",
            "keep one of `sqlite`, `csv` and `jsonl`",
        ),
        (
            "[source]\ncsv = \"../a\"",
            "`../a` is no path inside the project",
            "write a path that starts at the project's folder, without `..`",
        ),
        (
            "[ledger]\nmax-moves = \"20\u{20ac}\"",
            "`20\u{20ac}` is no limit on moves",
            "write a share such as \"20%\" or a number of records",
        ),
    ];
    for (text, headline, help) in cases {
        let finding = config_error(text);
        assert_eq!(finding.headline, headline);
        assert_eq!(finding.help.as_deref(), Some(help), "{headline}");
        assert!(finding.primary.is_some(), "{headline}");
    }
    assert_eq!(config_error("name = 5").headline, "expected text in quotes, found the number `5`");
    for bad in ["[source]\ndates = \"%q\"", "[source]\ndates = \"%d\"", "[source]\ntimes = \"%Y\""] {
        assert!(config_error(bad).headline.contains("is no pattern"), "{bad}");
    }
    let twice = "[source]\nnumbers = { decimal = \",\", grouping = \",\" }";
    assert!(config_error(twice).headline.contains("both"));
}

#[test]
fn a_label_points_at_the_wrong_word() {
    let folder = folder(&[("ownward.toml", "name = \"a\"\nzome = 1\n")]);
    let error = Project::open(folder.path()).unwrap_err();
    let label = error.findings[0].primary.as_ref().unwrap();
    assert_eq!(error.sources.place(label.span), "ownward.toml:2:1");
}

#[test]
fn a_source_of_the_command_line_is_known_by_looking() {
    let folder = folder(&[
        ("data/accounts.csv", "id\n"),
        ("lines/accounts.jsonl", "{}\n"),
        ("crm", "SQLite format 3\0rest"),
        ("x.db", ""),
        ("notes.txt", "hello"),
    ]);
    let located = |name: &str| {
        let config = Config::default().with_source(&folder.path().join(name))?;
        Ok::<_, Diagnostic>(config.source.location)
    };
    assert!(matches!(located("data"), Ok(Location::Csv(_))));
    assert!(matches!(located("data/accounts.csv"), Ok(Location::Csv(_))));
    assert!(matches!(located("lines"), Ok(Location::Jsonl(_))));
    assert!(matches!(located("crm"), Ok(Location::Sqlite(_))));
    assert!(matches!(located("x.db"), Ok(Location::Sqlite(_))));
    assert_eq!(located("notes.txt").unwrap_err().code, Code::UnreadableSource);
    assert_eq!(located("dat").unwrap_err().code, Code::AbsentSource);
}
