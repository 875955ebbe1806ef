//! What differs besides records: people, teams, queues, lists and tables.

use super::told::{Edit, Told, Touched};
use crate::schema::{Days, List, RowDays, Schema, Table, Tabular};
use crate::value::fold;
use rustc_hash::FxHashSet;

pub(super) fn compare(old: &Schema, new: &Schema, told: &mut Told) {
    people(old, new, told);
    teams(old, new, told);
    lists(old, new, told);
    tables(old, new, told);
}

fn people(old: &Schema, new: &Schema, told: &mut Told) {
    let source = |schema: &Schema| schema.people.as_ref().map(|people| people.source.clone());
    match (source(old), source(new)) {
        (None, Some(source)) => {
            told.say(Edit::Added, format!("person from {source}"), String::new(), Touched::Everything)
        }
        (Some(source), None) => {
            told.say(Edit::Removed, format!("person from {source}"), String::new(), Touched::Everything);
        }
        (Some(old), Some(new)) if old != new => {
            told.say(Edit::Changed, format!("person from {new}"), format!("was read from `{old}`"), Touched::Reading);
        }
        _ => {}
    }
}

fn teams(old: &Schema, new: &Schema, told: &mut Told) {
    let find = |schema: &Schema, name: &str| schema.teams.iter().position(|team| fold(&team.name) == fold(name));
    for team in &old.teams {
        if find(new, &team.name).is_none() {
            told.say_at(Edit::Removed, format!("team {}", team.name), String::new(), Touched::Owners, team.span);
        }
    }
    for team in &new.teams {
        let part = |part: &Option<String>| part.as_ref().map_or("no other".to_owned(), |team| format!("`{team}`"));
        match find(old, &team.name).map(|at| &old.teams[at]) {
            None => told.say_at(Edit::Added, format!("team {}", team.name), String::new(), Touched::Owners, team.span),
            Some(was) if was.part_of.as_deref().map(fold) != team.part_of.as_deref().map(fold) => {
                let how = format!("was part of {}, is part of {}", part(&was.part_of), part(&team.part_of));
                told.say_at(Edit::Changed, format!("team {}", team.name), how, Touched::Owners, team.span);
            }
            Some(_) => {}
        }
    }
    let has = |schema: &Schema, name: &str| schema.queues.iter().any(|queue| fold(&queue.name) == fold(name));
    for queue in old.queues.iter().filter(|queue| !has(new, &queue.name)) {
        told.say_at(Edit::Removed, format!("queue {}", queue.name), String::new(), Touched::Owners, queue.span);
    }
    for queue in new.queues.iter().filter(|queue| !has(old, &queue.name)) {
        told.say_at(Edit::Added, format!("queue {}", queue.name), String::new(), Touched::Owners, queue.span);
    }
}

fn lists(old: &Schema, new: &Schema, told: &mut Told) {
    let find = |schema: &Schema, name: &str| schema.lists.iter().position(|list| fold(&list.name) == fold(name));
    for list in old.lists.iter().filter(|list| find(new, &list.name).is_none()) {
        told.say_at(Edit::Removed, format!("list {}", list.name), String::new(), Touched::Nothing, Some(list.span));
    }
    for list in &new.lists {
        let what = format!("list {}", list.name);
        match find(old, &list.name).map(|at| &old.lists[at]) {
            None => told.say_at(Edit::Added, what, String::new(), Touched::Nothing, Some(list.span)),
            Some(was) => {
                if let Some(how) = lists_differ(was, list) {
                    told.say_at(Edit::Changed, what, how, Touched::List(fold(&list.name)), Some(list.span));
                }
            }
        }
    }
}

fn lists_differ(old: &List, new: &List) -> Option<String> {
    if fold(&old.by) != fold(&new.by) {
        return Some(format!("was kept by `{}`, is kept by `{}`", old.by, new.by));
    }
    // Rows in another order say the same where no key occurs twice.
    let is_keyed = |list: &List| match list.data.as_ref().and_then(|data| Some((data, data.column(&list.by)?))) {
        Some((data, column)) => {
            let mut seen = FxHashSet::default();
            (0..data.rows.len()).all(|row| data.cell(row, column).is_none_or(|cell| seen.insert(fold(cell))))
        }
        None => false,
    };
    let may_be_sorted = is_keyed(old) && is_keyed(new);
    rows_differ((old.data.as_ref(), &old.days), (new.data.as_ref(), &new.days), may_be_sorted)
}

fn tables(old: &Schema, new: &Schema, told: &mut Told) {
    let find = |schema: &Schema, name: &str| schema.tables.iter().position(|table| fold(&table.name) == fold(name));
    for table in old.tables.iter().filter(|table| find(new, &table.name).is_none()) {
        told.say_at(Edit::Removed, format!("table {}", table.name), String::new(), Touched::Nothing, Some(table.span));
    }
    for table in &new.tables {
        let what = format!("table {}", table.name);
        match find(old, &table.name).map(|at| &old.tables[at]) {
            None => told.say_at(Edit::Added, what, String::new(), Touched::Nothing, Some(table.span)),
            Some(was) => {
                if let Some(how) = tables_differ(was, table) {
                    told.say_at(Edit::Changed, what, how, Touched::Table(fold(&table.name)), Some(table.span));
                }
            }
        }
    }
}

fn tables_differ(old: &Table, new: &Table) -> Option<String> {
    if fold(&old.give) != fold(&new.give) {
        return Some(format!("gave `{}`, gives `{}`", old.give, new.give));
    }
    let lines = |table: &Table| {
        let line = |line: &crate::schema::TableMatch| {
            let path: Vec<String> = line.path.iter().map(|part| fold(part)).collect();
            (path, line.how.clone())
        };
        table.matches.iter().map(line).collect::<Vec<_>>()
    };
    if lines(old) != lines(new) {
        return Some("its `match` lines".to_owned());
    }
    // Of rows that fit alike the first decides: their order counts.
    rows_differ((old.data.as_ref(), &old.days), (new.data.as_ref(), &new.days), false)
}

type Rows<'r> = (Option<&'r Tabular>, &'r RowDays);

/// How many rows only one side has; rows are compared with the days on which they count.
fn rows_differ((old, old_days): Rows<'_>, (new, new_days): Rows<'_>, may_be_sorted: bool) -> Option<String> {
    let (Some(old), Some(new)) = (old, new) else {
        return (old.is_some() != new.is_some()).then(|| "its file cannot be read on one side".to_owned());
    };
    if old.headers != new.headers {
        return Some("the columns of its file".to_owned());
    }
    type Row<'r> = (&'r Vec<Option<String>>, Option<Days>);
    let rows = |data: &'_ Tabular, days: &RowDays| -> Vec<(Vec<Option<String>>, Option<Days>)> {
        data.rows.iter().enumerate().map(|(at, row)| (row.clone(), days.of(at))).collect()
    };
    let is_same = |at: usize| -> bool {
        let (old, new): (Row<'_>, Row<'_>) = ((&old.rows[at], old_days.of(at)), (&new.rows[at], new_days.of(at)));
        old == new
    };
    if old.rows.len() == new.rows.len() && (0..old.rows.len()).all(is_same) {
        return None;
    }
    let (mut old_rows, mut new_rows) = (rows(old, old_days), rows(new, new_days));
    old_rows.sort();
    new_rows.sort();
    let (gone, come) = (only_in(&old_rows, &new_rows), only_in(&new_rows, &old_rows));
    match (gone, come) {
        (0, 0) if may_be_sorted => None,
        (0, 0) => Some("its rows stand in another order".to_owned()),
        (gone, come) => {
            let rows = |count: usize| if count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
            Some(format!("{} removed, {} added", rows(gone), rows(come)))
        }
    }
}

/// How many items of a sorted slice another does not have, each as often as it stands.
fn only_in<T: Ord>(a: &[T], b: &[T]) -> usize {
    let (mut count, mut at) = (0, 0);
    for item in a {
        while b.get(at).is_some_and(|other| other < item) {
            at += 1;
        }
        if b.get(at) == Some(item) {
            at += 1;
        } else {
            count += 1;
        }
    }
    count
}
