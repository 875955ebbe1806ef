//! Names of the language for tables and columns that were named by somebody else.

/// Words that begin something else where a record type's name may stand.
const TYPE_WORDS: &[&str] = &["text", "number", "date", "time", "money", "one", "many", "ordered", "yes"];

/// The record type a table most likely holds: `sales_orders` holds `SalesOrder`s.
pub(super) fn record_name(table: &str) -> String {
    let words: Vec<&str> =
        table.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut name = String::new();
    for (index, word) in words.iter().enumerate() {
        let word = if index + 1 == words.len() { singular(word) } else { (*word).to_owned() };
        let mut letters = word.chars();
        name.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        name.push_str(letters.as_str());
    }
    if TYPE_WORDS.contains(&name.to_lowercase().as_str()) || !begins_well(&name) {
        name.insert_str(0, "Record");
    }
    name
}

/// One of what an English plural names; other words stay as they are.
fn singular(word: &str) -> String {
    let lower = word.to_lowercase();
    let cut = |count: usize| word[..word.len() - count].to_owned();
    // Endings are ASCII, so they are as long in `word`.
    if !word.is_ascii() || lower.len() < 4 {
        return word.to_owned();
    }
    if lower == "people" {
        return "Person".to_owned();
    }
    if lower.ends_with("ies") {
        return cut(3) + if word.ends_with("IES") { "Y" } else { "y" };
    }
    let doubled = ["sses", "ches", "shes", "xes", "zzes"];
    if doubled.iter().any(|ending| lower.ends_with(ending)) {
        return cut(2);
    }
    let is_one = ["ss", "us", "is"].iter().any(|ending| lower.ends_with(ending));
    if lower.ends_with('s') && !is_one {
        return cut(1);
    }
    word.to_owned()
}

/// A legal field name as near to the column's as can be: `Annual Revenue (USD)` becomes `Annual_Revenue_USD`.
pub(super) fn field_name(column: &str) -> String {
    let mut name = String::new();
    for letter in column.trim().chars() {
        let legal = letter.is_alphanumeric() || letter == '_' || letter == '-';
        match (legal, name.ends_with(['_', '-'])) {
            (true, true) if letter == '-' => {}
            (true, _) => name.push(letter),
            (false, false) => name.push('_'),
            (false, true) => {}
        }
    }
    // Hyphens stand inside a name; an underscore of the column's own may begin it.
    let mut name = name.trim_start_matches('-').trim_end_matches(['_', '-']).to_owned();
    if !column.trim().starts_with('_') {
        name = name.trim_start_matches('_').to_owned();
    }
    if name.is_empty() {
        name.push_str("column");
    }
    if name.eq_ignore_ascii_case("current") {
        name.push_str("_value");
    }
    if !begins_well(&name) {
        name.insert_str(0, "c_");
    }
    name
}

/// Whether a name begins with a letter or underscore, so that it cannot be taken for a number.
fn begins_well(name: &str) -> bool {
    name.chars().next().is_some_and(|letter| letter.is_alphabetic() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_name_their_records() {
        for (table, name) in [
            ("accounts", "Account"),
            ("opportunities", "Opportunity"),
            ("companies", "Company"),
            ("sales_orders", "SalesOrder"),
            ("sales-order", "SalesOrder"),
            ("addresses", "Address"),
            ("boxes", "Box"),
            ("cases", "Case"),
            ("status", "Status"),
            ("crm.Account", "CrmAccount"),
            ("2026 export", "Record2026Export"),
            ("dates", "RecordDate"),
            ("Süd Kunden", "SüdKunden"),
            ("", "Record"),
        ] {
            assert_eq!(record_name(table), name, "{table}");
        }
    }

    #[test]
    fn columns_name_their_fields() {
        for (column, name) in [
            ("status", "status"),
            ("Annual Recurring Revenue", "Annual_Recurring_Revenue"),
            ("Annual Revenue (USD)", "Annual_Revenue_USD"),
            ("account-name", "account-name"),
            ("a -- b", "a_b"),
            ("-x-", "x"),
            ("_id", "_id"),
            ("#", "column"),
            ("2nd phone", "c_2nd_phone"),
            ("Current", "Current_value"),
            ("Größe", "Größe"),
        ] {
            assert_eq!(field_name(column), name, "{column}");
        }
    }
}
