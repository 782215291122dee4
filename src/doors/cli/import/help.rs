//! What `trao import --help` teaches: the columns of each kind, with rows that are read as they stand.

/// Shown below the options.
pub const HELP: &str = "\
The first line names the columns; they may stand in any order among others, with , or ; between
them. The text is UTF-8 (Excel: Save As, \"CSV UTF-8\"). Days are dd/mm/yyyy or yyyy-mm-dd; a time
may follow (20/11/2026 14:05), Vietnam's unless it has a zone. Yes is 1, true, có or x. Leading
zeros of codes stay, also where a spreadsheet wrote =\"009010\" or '009010.

Columns and example rows of each KIND:
  carriers
    id,name
    p,Bưu chính P
  agencies (kind: owner, counter or both; parents before children; alias_of: another code of it)
    code,name,parent,kind,valid_from,valid_to,alias_of
    H99.14,Sở Tư pháp,H99,both,01/07/2025,,
    000.00.14.H99,,,,,30/06/2025,H99.14
  procedures (a decision of it makes a version, see below)
    code,name,level,pickup,return,valid_from
    1.004194,Cấp bản sao trích lục,commune,có,có,01/01/2025
  offices
    id,name,carrier,province
    009010,Bưu cục An Hòa,p,59
  devices (kind: device or system; without a carrier it is the agency's own)
    id,kind,carrier,agency,office,holder
    pda-1,device,p,,009010,NV-0117
    office,system,,H99.14,,
  persons (one row for each appointment; role: clerk, postman, controller, officer, supervisor)
    party,id,role,office,agency,acts_for,valid_from,valid_to,decision,substitute
    p,NV-0117,giao dịch viên,009010,,,01/01/2025,,12/QĐ-BĐT,NV-0118
    p,NV-0118,clerk,,H99.31,H99.31,01/01/2025,31/12/2026,13/QĐ-BĐT,
  holidays (works: a Saturday that makes up; any other row is a holiday)
    day,works,title
    02/09/2026,,Quốc khánh
    22/08/2026,x,Làm bù
  dossiers (a dossier's code registers it, a kind of leg orders that leg; dossiers/0-12 names one)
    agency,procedure,dossier,slip,kind,carrier,counter,due,name,phone,address
    H99.14,1.004194,H99.14-261120-0001,,outbound,p,H99.01,27/11/2026,Trần B,0912345678,\"1, Lê Lợi\"
    H99.14,1.004194,,000123,inbound,p,H99.01,,Lê C,0912345679,2 Lê Lợi
  results (registered, announced and ordered in one; without a carrier they are fetched; fees in đồng)
    agency,procedure,dossier,counter,carrier,office,item,due,fee,postage,must_be_owner,take_back,name,phone,address
    H99.14,1.004194,H99.14-261120-0002,H99.01,p,,,27/11/2026,60.000,26.000,có,1,Trần B,0912345678,\"1, Lê Lợi\"
    H99.14,1.004194,H99.14-261120-0003,H99.01,,,,,,,,,,,
  scans (types as of `trao scan`; several other codes in also have | between them)
    source,id,type,code,occurred_at,office,agency,leg,also,reason,measure,receptacle,device_seq
    carriers/p/systems/s,,arrived,RA990000010VN,20/11/2026 14:05,009010,,,,,,,

A file may have more columns: agencies level (central, province, district, commune); procedures
decision, action (new, amended, abolished), days (working days) and valid_to. A procedure's row with
a decision or an action is a version that holds from valid_from until the next one begins.

A row counts once however often its file is sent: an empty id follows from the row. What is there
with the same content is told `again`, other content is refused. A row that cannot be taken is
told with its line and column, and the others go in. The last line counts:
  imported 379  again 0  refused 0
--json prints for every row {\"line\",\"status\":\"imported|again|refused\",\"reason\",\"field\",\"message\"}.

--dry-run reads everything, asks the gateway for its directory, and writes nothing. What is in the
directory is told `again`; of dossiers, results and scans the journal is not asked.

carriers, agencies, procedures, offices and holidays take an administrator's key, devices and
persons also a supervisor's; dossiers and results an agency's; scans one that may use their sources.

Examples:
  trao import offices offices.csv --token-file admin.key
  trao import results friday.csv --token-file department.key
  trao import scans bd10.csv --dry-run --token-file central.key
  zcat old.csv.gz | trao import scans - --token-file central.key --json | grep '\"refused\"'

Exit code 0 when every row is in; 1 when any was refused; 2 for a wrong command line, a file that is
no CSV or lacks a column; 3 when the gateway does not answer: send the file again later.";

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::super::dossiers::Filing;
    use super::super::entries::Entry;
    use super::super::kind::Kind;
    use super::super::results::Outcome;
    use super::super::row::{Read, tests::rows};
    use super::super::scans::Reader;
    use super::super::send::Filed;
    use super::*;

    #[test]
    fn the_examples_are_read_as_they_stand() {
        for kind in Kind::value_variants() {
            let mut lines = HELP.lines().skip_while(|line| {
                let rest = line.strip_prefix("  ").and_then(|line| line.strip_prefix(kind.word()));
                !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" ("))
            });
            lines.next().unwrap();
            let text: Vec<&str> = lines.map_while(|line| line.strip_prefix("    ")).collect();
            assert_eq!(text[0], kind.columns().join(","));
            assert!(text.len() > 1, "{kind:?}");
            for read in rows(*kind, text.join("\n").as_bytes()) {
                let Read::Row(row) = read else { panic!("{read:?}") };
                match kind {
                    Kind::Dossiers => drop(Filing::of(&row).unwrap()),
                    Kind::Results => drop(Outcome::of(&row).unwrap()),
                    Kind::Scans => drop(Reader::default().read(&row).unwrap()),
                    kind => drop(Entry::of(*kind, &row).unwrap()),
                }
            }
        }
    }
}
