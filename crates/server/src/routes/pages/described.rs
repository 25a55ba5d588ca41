//! The files that describe a distribution, as tables.

use wheelhouse_standards::inside::record::{RecordRow, Verdict};
use wheelhouse_standards::inside::{entry_points, fields};
use wheelhouse_ui::member::{Row, Table};

/// Returns the tables that show what a member says, if it is one that describes a distribution.
/// `lines` are those of a `RECORD`.
pub(super) fn tables(path: &str, text: &str, lines: Option<&[RecordRow]>) -> Vec<Table> {
    let mut parts = path.rsplit('/');
    let file_name = parts.next().unwrap_or_default();
    let folder = parts.next().unwrap_or_default();
    let is_info = folder.ends_with(".dist-info") || folder.ends_with(".egg-info");
    match file_name {
        "RECORD" => lines.map(record).into_iter().collect(),
        "METADATA" | "WHEEL" if is_info => vec![of_fields(text)],
        "PKG-INFO" => vec![of_fields(text)],
        "entry_points.txt" if is_info => vec![of_entries(text)],
        _ => Vec::new(),
    }
}

fn row<const N: usize>(cells: [&str; N]) -> Row {
    Row {
        cells: cells.map(str::to_owned).to_vec(),
        is_wrong: false,
    }
}

fn of_fields(text: &str) -> Table {
    let read = fields::read(text);
    let rows = read.fields.iter();
    let rows = rows.map(|(name, value)| row([name, value])).collect();
    Table::new("Fields", &["Field", "Value"], rows)
}

fn of_entries(text: &str) -> Table {
    let entries = entry_points::read(text);
    let rows = entries.iter();
    let rows = rows.map(|entry| row([&entry.group, &entry.name, &entry.object]));
    Table::new(
        "Entry points",
        &["Group", "Name", "Leads to"],
        rows.collect(),
    )
}

fn record(lines: &[RecordRow]) -> Table {
    let wrong = lines.iter().filter(|line| line.verdict != Verdict::Fits);
    let caption = match wrong.count() {
        0 => "Every file of the wheel is listed, with its size".to_owned(),
        1 => "One line does not fit the wheel".to_owned(),
        count => format!("{count} lines do not fit the wheel"),
    };
    let rows = lines.iter().map(|line| {
        let verdict = match line.verdict {
            Verdict::Fits => "fits".to_owned(),
            Verdict::OtherSize(size) => format!("the file has {size} bytes"),
            Verdict::Missing => "there is no such file".to_owned(),
            Verdict::NotListed => "the file is not listed".to_owned(),
            Verdict::Twice => "it is listed twice".to_owned(),
            Verdict::NoLine => "this is no line of a RECORD".to_owned(),
        };
        Row {
            is_wrong: line.verdict != Verdict::Fits,
            ..row([&line.path, &line.size, &line.hash, &verdict])
        }
    });
    let columns = ["Path", "Size", "Hash", "In the wheel"];
    Table::new(&caption, &columns, rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_describe_a_distribution_are_tables() {
        for (path, text, rows) in [
            (
                "demo-1.0.dist-info/METADATA",
                "Name: demo\nVersion: 1\n\nbody",
                2,
            ),
            ("demo-1.0.dist-info/WHEEL", "Tag: py3-none-any\n", 1),
            ("demo-1.0/PKG-INFO", "Name: demo\n", 1),
            ("demo.egg-info/entry_points.txt", "[a]\nb = c\n", 1),
        ] {
            let tables = tables(path, text, None);
            assert_eq!(tables[0].rows.len(), rows, "{path}");
        }
        assert_eq!(tables("demo/METADATA", "Name: x\n", None), []);
        assert_eq!(tables("demo-1.0.dist-info/RECORD", "a,,\n", None), []);
    }

    #[test]
    fn lines_that_do_not_fit_are_marked() {
        let line = |verdict| RecordRow {
            path: "a.py".to_owned(),
            hash: String::new(),
            size: "1".to_owned(),
            verdict,
        };
        let lines = [line(Verdict::OtherSize(2)), line(Verdict::Fits)];
        let tables = tables("x.dist-info/RECORD", "", Some(&lines));
        assert_eq!(tables[0].caption, "One line does not fit the wheel");
        let wrong: Vec<_> = tables[0].rows.iter().map(|row| row.is_wrong).collect();
        assert_eq!(wrong, [true, false]);
    }
}
