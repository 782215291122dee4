//! `trao import`: spreadsheets as offices have them, through the real command into a real gateway.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use trao::doors::wire::v1;
use v1::EventType as Type;

use crate::support::codes;
use crate::support::gateway::{Start, trao};
use crate::support::partner::{PDA, Partner, SYSTEM};
use crate::support::world::{CARRIER, World, event_of, record};

const SCANS: &str =
    "source,id,type,code,occurred_at,office,agency,leg,also,reason,measure,receptacle,device_seq";
const DOSSIERS: &str = "agency,procedure,dossier,slip,kind,carrier,counter,due,name,phone,address";

/// A desk with files on it, and a key.
struct Desk {
    folder: tempfile::TempDir,
    server: String,
}

/// How an import ended.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    out: String,
    told: String,
}

impl Ended {
    /// The last line that counts, wherever it was told.
    fn counts(&self) -> &str {
        let mut lines = self.out.lines().chain(self.told.lines());
        lines.rfind(|line| line.starts_with("imported ")).unwrap_or_default()
    }

    /// Line, status, reason and column of each row.
    fn rows(&self) -> Vec<(u64, String, String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let row = |line: &str| {
            let row: Value = serde_json::from_str(line).unwrap();
            let keys: Vec<&String> = row.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["line", "status", "reason", "field", "message"]);
            (row["line"].as_u64().unwrap(), text(&row["status"]), text(&row["reason"]), text(&row["field"]))
        };
        self.out.lines().map(row).collect()
    }
}

impl Desk {
    fn of(world: &World) -> Desk {
        Desk { folder: tempfile::tempdir().unwrap(), server: world.gateway.url() }
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn command(&self, who: &Partner, kind: &str, file: &str, more: &[&str]) -> Command {
        let key = self.file("key", &who.key);
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        let mut command = trao();
        command.args(["import", kind, file, "--server", &self.server, "--token-file"]).arg(key).args(more);
        command
    }

    fn import(&self, who: &Partner, kind: &str, bytes: impl AsRef<[u8]>, more: &[&str]) -> Ended {
        let path = self.file("rows.csv", bytes);
        let output = self.command(who, kind, path.to_str().unwrap(), more).output().unwrap();
        Ended {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            told: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Imports rows that must all be taken, and says how many were new and how many there before.
    fn takes(&self, who: &Partner, kind: &str, bytes: impl AsRef<[u8]>) -> String {
        let ended = self.import(who, kind, bytes, &[]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.counts().to_owned()
    }
}

/// Everything a gateway has written, by its counters.
fn written(world: &World) -> (i64, i64, i64) {
    let database = world.gateway.database();
    let number = |sql: &str| database.query_row(sql, [], |row| row.get(0)).unwrap();
    let version = number("SELECT version FROM lane WHERE lane = 0");
    (version, number("SELECT count(*) FROM entry"), number("SELECT directory_version FROM meta"))
}

fn refused(line: u64, reason: &str, column: &str) -> (u64, String, String, String) {
    (line, "refused".to_owned(), reason.to_owned(), column.to_owned())
}

fn taken(line: u64, status: &str) -> (u64, String, String, String) {
    (line, status.to_owned(), String::new(), String::new())
}

/// One list of each kind of the directory, as spreadsheets write them.
fn lists() -> [(&'static str, String); 7] {
    let agencies = "\u{feff}Ghi chú;code;kind;name;parent;valid_from;valid_to;alias_of\r\n\
        ;H98;both;UBND tỉnh H98;;01/01/2020;;\r\n\
        ;H98.14;Owner;Sở Tư pháp;H98;2025-07-01;;\r\n\
        ;000.00.14.H98;;;;;30/06/2025;H98.14\r\n\
        ;H98.14.01;counter;\"Bộ phận Một cửa; tầng 1\";H98.14;;;\r\n";
    [
        ("carriers", "id,name\nx,Bưu chính X\n".to_owned()),
        ("agencies", agencies.to_owned()),
        (
            "procedures",
            "name,code,level,pickup,return,valid_from\n\
             Cấp bản sao trích lục,1.009999,commune,có,x,1/1/2025\nCấp thẻ,1.009998,Central,0,không,\n"
                .to_owned(),
        ),
        (
            "offices",
            "id,name,carrier,province\n=\"009010\",Bu\u{31b}u cu\u{323}c An Hòa,x,59\n'009020,\"Bưu cục \"\"Hai\"\"\",carriers/x,\n"
                .to_owned(),
        ),
        (
            "devices",
            "id,kind,carrier,agency,office,holder\npda-1,device,x,,009010,NV-0117\n,system,x,,,\n\
             reader-1,device,,H98.14,,\n"
                .to_owned(),
        ),
        (
            "persons",
            "party,id,role,office,agency,acts_for,valid_from,valid_to,decision,substitute\n\
             x,NV-0117,Giao dịch viên,'009010,,,01/01/2025,,12/QĐ-BĐT,NV-0118\n\
             x,NV-0117,clerk,,H98.14.01,H98.14,01/01/2025,31/12/2026,12/QĐ-BĐT,NV-0118\n\
             carriers/x,NV-0118,POSTMAN,,,,,,,\n\
             H98.14,CC-1,công chức một cửa,,H98.14.01,,,,,\n"
                .to_owned(),
        ),
        ("holidays", "day,works,title\n02/09/2026,,Quốc khánh\n2026-08-22,x,Làm bù\n".to_owned()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_comes_from_spreadsheets_and_sent_twice_enters_nothing_new() {
    let world = World::start().await;
    let (desk, admin) = (Desk::of(&world), &world.province.admin);
    let before = written(&world);
    for (kind, list) in lists() {
        let rows = list.lines().count() - 1;
        assert_eq!(desk.takes(admin, kind, &list), format!("imported {rows}  again 0  refused 0"), "{kind}");
    }
    let after = written(&world);
    assert!(after.2 > before.2 && after.1 == before.1);
    for (kind, list) in lists() {
        let rows = list.lines().count() - 1;
        assert_eq!(desk.takes(admin, kind, &list), format!("imported 0  again {rows}  refused 0"), "{kind}");
    }
    assert_eq!(written(&world), after, "what was there already wrote nothing");

    // What stands there reads as it was written, marks and leading zeros included.
    let ask = |name: &str| admin.ask(v1::GetOfficeRequest { name: name.to_owned() });
    let office = world.directory().get_office(ask("carriers/x/offices/009010")).await.unwrap();
    assert_eq!(office.into_inner().office.unwrap().title, "Bưu cục An Hòa");
    let ask = admin.ask(v1::GetAgencyRequest { name: "agencies/H98.14".to_owned() });
    let agency = world.directory().get_agency(ask).await.unwrap().into_inner().agency.unwrap();
    assert_eq!((agency.name.as_str(), agency.valid_from.as_str()), ("agencies/H98.14", "2025-07-01"));
    assert_eq!(agency.aliases[0].valid_to, "2025-06-30");
    let ask =
        admin.ask(v1::GetProcedureRequest { name: "procedures/1.009999".to_owned(), as_of: String::new() });
    let procedure = world.directory().get_procedure(ask).await.unwrap().into_inner().procedure.unwrap();
    assert!(procedure.postal_pickup && procedure.postal_return && procedure.valid_from == "2025-01-01");
    let ask = admin.ask(v1::ListSourcesRequest { parent: "carriers/x".to_owned(), ..Default::default() });
    let sources = world.directory().list_sources(ask).await.unwrap().into_inner().sources;
    assert_eq!(sources.len(), 2);
    assert!(sources.iter().any(|source| source.name == "carriers/x/devices/pda-1"
        && source.office == "carriers/x/offices/009010"
        && source.holder == "NV-0117"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_may_have_more_columns_and_a_decision_makes_a_version_of_a_procedure() {
    let world = World::start().await;
    let (desk, admin) = (Desk::of(&world), &world.province.admin);
    let agencies = "code,name,parent,kind,valid_from,valid_to,alias_of,level\n\
        H98,Tỉnh,,both,,,,province\nH98.1,Huyện,H98,both,,,,District\n";
    assert_eq!(desk.takes(admin, "agencies", agencies), "imported 2  again 0  refused 0");
    assert_eq!(desk.takes(admin, "agencies", agencies), "imported 0  again 2  refused 0");
    let procedures = "code,name,level,pickup,return,valid_from,decision,action,days,valid_to\n\
        1.5,Cấp thẻ,district,1,1,01/01/2019,1/QĐ-UBND,new,7,\n\
        1.5,Cấp thẻ,commune,1,1,01/07/2025,2/QĐ-UBND,amended,5,\n\
        1.5,,,,,01/01/2026,3/QĐ-UBND,abolished,,\n\
        1.6,Cấp sổ,commune,1,0,,,,,31/12/2025\n";
    assert_eq!(desk.takes(admin, "procedures", procedures), "imported 4  again 0  refused 0");
    assert_eq!(desk.takes(admin, "procedures", procedures), "imported 0  again 4  refused 0");
    let wrong = "code,name,level,pickup,return,valid_from,decision,action,days\n\
        1.5,Cấp thẻ,commune,1,1,01/07/2025,2/QĐ-UBND,amended,6\n1.5,x,commune,1,1,,4/QĐ,ended,\n\
        1.5,x,commune,1,1,,4/QĐ,,soon\n1.5,x,commune,1,1,,4/QĐ,,999\n";
    assert_eq!(
        desk.import(admin, "procedures", wrong, &["--json"]).rows(),
        [
            refused(2, "RESOURCE_EXISTS", "days"),
            refused(3, "TEXT_INVALID", "action"),
            refused(4, "TEXT_INVALID", "days"),
            refused(5, "TEXT_INVALID", "days"),
        ]
    );
    let persons = "party,id,role,office,agency,acts_for,valid_from,valid_to,decision,substitute\n\
        p,1,chief,,,,,,,\np,,clerk,,,,,,,\np,1,,,,,,,,\np,1,clerk,009010,,,,,,\nnone,1,clerk,,,,,,,\n\
        p,1,clerk,,H97,,,,,\np,Trần B,clerk,,,,,,,\np,1,clerk,,,,,,,1\np,2,clerk,,,,,,,1\np,2,clerk,,,,,,,3\n";
    assert_eq!(
        desk.import(&world.province.post_supervisor, "persons", persons, &["--json"]).rows(),
        [
            refused(2, "TEXT_INVALID", "role"),
            refused(3, "FIELD_REQUIRED", "id"),
            refused(4, "FIELD_REQUIRED", "role"),
            refused(5, "NOT_FOUND", "office"),
            refused(6, "NOT_FOUND", "party"),
            refused(7, "NOT_FOUND", "agency"),
            refused(8, "TEXT_INVALID", "id"),
            refused(9, "TEXT_INVALID", "substitute"),
            taken(10, "imported"),
            refused(11, "RESOURCE_EXISTS", "substitute"),
        ]
    );
    let foreign = "party,id,role,office,agency,acts_for,valid_from,valid_to,decision,substitute\nH99.14,1,clerk,,,,,,,\n";
    let ended = desk.import(&world.province.post_supervisor, "persons", foreign, &["--json"]);
    assert_eq!(ended.rows(), [refused(2, "NOT_FOUND", "party")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_directory_does_not_take_is_told_by_line_and_column() {
    let world = World::start().await;
    let (desk, admin) = (Desk::of(&world), &world.province.admin);
    let told = |who: &Partner, kind: &str, text: &str| {
        let ended = desk.import(who, kind, text, &["--json"]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        ended.rows()
    };
    assert_eq!(
        told(admin, "carriers", "id,name\np,Post p\np,Post P\nBig,Big\n,\nz,Z\n"),
        [
            taken(2, "again"),
            refused(3, "RESOURCE_EXISTS", "name"),
            refused(4, "TEXT_INVALID", "id"),
            taken(6, "imported"),
        ]
    );
    assert_eq!(
        told(
            admin,
            "agencies",
            "code,name,parent,kind,valid_from,valid_to,alias_of\n\
             H99.14,Agency H99.14,,both,,,\nH99.20,A,H97,both,,,\nH99.20,A,H99,office,,,\n\
             H99.20,A,H99,,,,\nH99.20,A,H99,both,31/02/2025,,\nH99.20,A,H99,both,02/01/2025,2025-01-01,\n\
             H99.01,,,,,,H99.14\nnone,A,,both,,,\n"
        ),
        [
            refused(2, "RESOURCE_EXISTS", "parent"),
            refused(3, "NOT_FOUND", "parent"),
            refused(4, "TEXT_INVALID", "kind"),
            refused(5, "FIELD_REQUIRED", "kind"),
            refused(6, "TEXT_INVALID", "valid_from"),
            refused(7, "TEXT_INVALID", "valid_to"),
            refused(8, "RESOURCE_EXISTS", "code"),
            refused(9, "CODE_FORMAT", "code"),
        ]
    );
    assert_eq!(
        told(
            admin,
            "procedures",
            "code,name,level,pickup,return,valid_from\n1.004194,Procedure 1.004194,province,1,0,\n1.1,x,county,1,1,\n1.1,x,,perhaps,,\n"
        ),
        [
            refused(2, "RESOURCE_EXISTS", "return"),
            refused(3, "TEXT_INVALID", "level"),
            refused(4, "TEXT_INVALID", "pickup"),
        ]
    );
    assert_eq!(
        told(admin, "offices", "id,name,carrier,province\n9010,x,p,\n009010,x,none,\n009010,x,,\n"),
        [
            refused(2, "TEXT_INVALID", "id"),
            refused(3, "NOT_FOUND", "carrier"),
            refused(4, "FIELD_REQUIRED", "carrier")
        ]
    );
    assert_eq!(
        told(
            admin,
            "devices",
            "id,kind,carrier,agency,office,holder\npda-1,device,p,,,7\nd,phone,p,,,\nd,device,,,,\n\
             d,device,p,,009010,\nd,device,none,,,\nd,device,p,,,Trần Thị B\n"
        ),
        [
            refused(2, "RESOURCE_EXISTS", "holder"),
            refused(3, "TEXT_INVALID", "kind"),
            refused(4, "FIELD_REQUIRED", "carrier"),
            refused(5, "NOT_FOUND", "office"),
            refused(6, "NOT_FOUND", "carrier"),
            refused(7, "TEXT_INVALID", "holder"),
        ]
    );
    // Who may not keep the directory is told so by the gateway; nothing of it stands there.
    let before = written(&world);
    assert_eq!(
        told(&world.province.post, "carriers", "id,name\ny,Y\n"),
        [refused(2, "ROLE_NOT_ALLOWED", "")]
    );
    assert_eq!(
        told(
            &world.province.post,
            "agencies",
            "code,name,parent,kind,valid_from,valid_to,alias_of\nH98,A,,both,,,\nH98.1,B,H98,both,,,\n"
        ),
        [refused(2, "ROLE_NOT_ALLOWED", ""), refused(3, "NOT_FOUND", "parent")]
    );
    assert_eq!(written(&world), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn dossiers_are_registered_and_their_legs_ordered_by_one_line() {
    let world = World::start().await;
    let (desk, department) = (Desk::of(&world), &world.province.department);
    let rows: String = (1..=40)
        .map(|n| {
            format!(
                "H99.14,1.004194,{},,outbound,p,H99.01,27/11/2026,Trần Thị {n},0912345678,\"{n}, Lê Lợi\"\n",
                codes::dossier(n)
            )
        })
        .collect();
    let list = format!("{DOSSIERS}\n{rows}H99.14,1.004194,,000123,Nhận gửi hồ sơ,p,,,,,\n");
    assert_eq!(desk.takes(department, "dossiers", &list), "imported 41  again 0  refused 0");
    let log = world.log(department).await;
    let of = |kind: Type| log.iter().filter(|line| event_of(line).r#type() == kind).count();
    assert_eq!((of(Type::Registered), of(Type::Ordered), log.len()), (40, 41, 81));
    let first = log.iter().find(|line| event_of(line).r#type() == Type::Registered).unwrap();
    assert_eq!(event_of(first).due_at.unwrap().seconds, 1_795_798_799);

    assert_eq!(desk.takes(department, "dossiers", &list), "imported 0  again 41  refused 0");
    assert_eq!(world.log(department).await.len(), 81);

    // The carrier reads whom to bring it to.
    let leg =
        log.iter().find(|line| event_of(line).r#type() == Type::Ordered && !line.dossier.is_empty()).unwrap();
    let request = v1::GetLegRequest { name: leg.leg.clone() };
    let answer = world.legs().get_leg(world.province.post.ask(request)).await.unwrap().into_inner();
    let personal: v1::Personal = prost::Message::decode(answer.personal).unwrap();
    assert!(personal.name.starts_with("Trần Thị ") && personal.address.ends_with(", Lê Lợi"));

    // Other content under the same code, an agency that is not ours, a procedure that may not go by post.
    let wrong = format!(
        "{DOSSIERS}\n\
         H99.14,1.004194,{},,outbound,p,H99.01,27/11/2026,Trần Thị Khác,0912345678,\"1, Lê Lợi\"\n\
         H99.17,1.004194,H99.17-261120-0001,,outbound,p,H99.01,,,,\n\
         H99.14,1.004195,{},,outbound,p,H99.01,,,,\n\
         H99.14,1.004194,,,outbound,p,H99.01,,Trần Thị B,,\n\
         H99.14,1.004194,{},,outbound,none,H99.01,,,,\n",
        codes::dossier(1),
        codes::dossier(77),
        codes::dossier(78)
    );
    let ended = desk.import(department, "dossiers", &wrong, &["--json"]);
    assert_eq!(
        ended.rows(),
        [
            refused(2, "EVENT_KEY_REUSED", "personal"),
            refused(3, "ROLE_NOT_ALLOWED", "agency"),
            refused(4, "PROCEDURE_NOT_ELIGIBLE", "procedure"),
            refused(5, "FIELD_REQUIRED", "dossier"),
            refused(6, "NOT_FOUND", "carrier"),
        ]
    );
    assert!(!ended.out.contains("Khác") && !ended.told.contains("Khác"), "no personal data in a refusal");
}

#[tokio::test(flavor = "multi_thread")]
async fn twelve_real_transport_lists_go_in_with_their_one_unknown_code() {
    let world = World::start().await;
    let (desk, post) = (Desk::of(&world), &world.province.post);
    let facts =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/bd10_lists.csv")).unwrap();
    // As a clerk would: its own columns stay, those of a scan are put beside them.
    let mut list = format!("{},{SCANS}\n", facts.lines().next().unwrap().replace("code", "label"));
    for fact in facts.lines().skip(1) {
        let cells: Vec<&str> = fact.split(',').collect();
        let (recorded_at, to_office, code) = (cells[2], cells[4], cells[5]);
        list.push_str(&format!("{fact},{SYSTEM},,arrived,{code},{recorded_at},{to_office},,,,,,,\n"));
    }
    let ended = desk.import(post, "scans", &list, &["--json"]);
    assert_eq!((ended.code, ended.counts()), (Some(0), "imported 379  again 0  refused 0"), "{}", ended.told);
    assert_eq!(ended.rows().len(), 379);

    let log = world.log(post).await;
    assert_eq!(log.len(), 379);
    let unread: Vec<&v1::FeedEvent> = log.iter().filter(|line| line.code.is_empty()).collect();
    assert_eq!(unread.len(), 1, "one label was mangled");
    let kinds: Vec<v1::AnomalyKind> = unread[0].anomalies.iter().map(v1::Anomaly::kind).collect();
    assert_eq!(kinds, [v1::AnomalyKind::UnknownCode]);
    assert_eq!((unread[0].leg.as_str(), unread[0].dossier.as_str()), ("", ""));
    let event = event_of(unread[0]);
    assert_eq!((event.r#type(), event.code.unwrap().value.as_str()), (Type::Arrived, ""));
    // Its text stands apart, and nobody else reads the line.
    assert!(!String::from_utf8_lossy(&unread[0].event).contains("872402642"));
    assert!(world.log(&world.province.department).await.is_empty());
    // Each happened when its list says, in the file's order, and at its office.
    let happened: Vec<i64> = log.iter().map(|line| record(line).effective_at.0 / 1_000_000).collect();
    assert_eq!(happened[0], 1_658_901_559);
    let offices: Vec<String> = log.iter().map(|line| event_of(line).office).collect();
    let expected: Vec<String> = facts
        .lines()
        .skip(1)
        .map(|fact| format!("{CARRIER}/offices/{}", fact.split(',').nth(4).unwrap()))
        .collect();
    assert_eq!(offices, expected);

    assert_eq!(desk.takes(post, "scans", &list), "imported 0  again 379  refused 0");
    assert_eq!(world.log(post).await.len(), 379);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_would_happen_and_writes_nothing() {
    let world = World::start().await;
    let (desk, province) = (Desk::of(&world), &world.province);
    let scans = format!(
        "{SCANS}\n\
         {PDA},,arrived,{},20/11/2025 07:00,,,,,,,,\n\
         carriers/p/devices/none,,arrived,{},20/11/2025 07:00,,,,,,,,\n\
         carriers/q/devices/pda-1,,arrived,{},20/11/2025 07:00,,,,,,,,\n\
         {PDA},,arrived,{},20/11/2025 07:00,,,,,,,,\n\
         {PDA},,arrived,{},20/11/1925 07:00,,,,,,,,\n\
         {PDA},,arrived,what is this,20/11/2025 07:00,,,,,,,,\n",
        codes::item(1),
        codes::item(2),
        codes::item(3),
        codes::item_with_wrong_check_digit(4),
        codes::item(5),
    );
    let dossiers = format!(
        "{DOSSIERS}\nH99.14,1.004194,{},,outbound,p,H99.01,,,,\nH96,1.004194,X,,,,,,,,\n\
         H99.14,1.004195,{},,outbound,p,,,,,\nH99.14,1.009999,{},,outbound,p,,,,,\n",
        codes::dossier(1),
        codes::dossier(2),
        codes::dossier(3)
    );
    // The second row repeats the first, the third builds on it.
    let agencies = "code,name,parent,kind,valid_from,valid_to,alias_of\nH98,A,,both,,,\nH98,A,,both,,,\nH98.1,B,H98,both,,,\nH98,C,,both,,,\n";
    let before = written(&world);
    let mut said = Vec::new();
    for (who, kind, list) in [
        (&province.post, "scans", scans.as_str()),
        (&province.department, "dossiers", &dossiers),
        (&province.admin, "agencies", agencies),
    ] {
        let dry = desk.import(who, kind, list, &["--dry-run", "--json"]);
        assert_eq!(dry.code, Some(1), "{dry:?}");
        assert!(dry.told.contains("nothing was written"), "{dry:?}");
        said.push((who, kind, list, dry.rows()));
    }
    assert_eq!(written(&world), before);
    assert_eq!(
        said[0].3,
        [
            taken(2, "imported"),
            refused(3, "UNKNOWN_SOURCE", "source"),
            refused(4, "UNKNOWN_SOURCE", "source"),
            refused(5, "CHECK_DIGIT", "code"),
            refused(6, "TIME_OUT_OF_RANGE", "occurred_at"),
            taken(7, "imported"),
        ]
    );
    assert_eq!(
        said[2].3,
        [
            taken(2, "imported"),
            taken(3, "again"),
            taken(4, "imported"),
            refused(5, "RESOURCE_EXISTS", "name")
        ]
    );
    // And that is what happens.
    for (who, kind, list, dry) in said {
        assert_eq!(desk.import(who, kind, list, &["--json"]).rows(), dry, "{kind}");
    }
    assert_ne!(written(&world), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_csv_is_told_what_it_is_before_anybody_is_asked() {
    let world = World::start().await;
    let desk = Desk { server: "http://127.0.0.1:1".to_owned(), ..Desk::of(&world) };
    let utf16: Vec<u8> = "id,name\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, told) in [
        (&b"id,title\nx,X\n"[..], "no column name"),
        (b"x,X\n", "no column id, name"),
        (b"", "is empty"),
        (b"PK\x03\x04\x14\x00\x06\x00", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "Excel workbook"),
        (&[&b"\xff\xfe"[..], &utf16].concat(), "UTF-16"),
        (&utf16, "UTF-16"),
        (b"id,\"name\nx,X\n", "first line"),
        (b"id,name,id\nx,X,Y\n", "twice the column id"),
    ] {
        let ended = desk.import(&world.province.admin, "carriers", bytes, &[]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{ended:?}");
        assert!(ended.told.contains(told), "{ended:?}");
        assert_eq!(ended.told.lines().count(), 1, "one clear message: {ended:?}");
    }
    for (file, told) in
        [(desk.folder.path().to_str().unwrap(), "is a folder"), ("/nowhere.csv", "No such file")]
    {
        let output = desk.command(&world.province.admin, "carriers", file, &[]).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(told));
    }
    // A good file finds nobody there.
    let ended = desk.import(&world.province.admin, "carriers", "id,name\nx,X\n", &["--lang", "vi"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.told.contains("không kết nối được"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_line_costs_only_itself() {
    let world = World::start().await;
    let (desk, post) = (Desk::of(&world), &world.province.post);
    let good =
        |n: u64| format!("{PDA},,arrived,{},20/11/2025 07:00,,,,,,,,{n}\n", codes::item(n)).into_bytes();
    let mut file = format!("{SCANS}\n").into_bytes();
    file.extend(good(1));
    file.extend_from_slice(format!("{PDA},,arrived,\"{}\n", codes::item(2)).as_bytes());
    file.extend(good(3));
    file.extend_from_slice(format!("{PDA},,arrived,{},20/11/2025,,,,", codes::item(4)).as_bytes());
    file.extend_from_slice(b"\xd0\xc7,,,,\n");
    file.extend(good(5));
    file.extend(std::iter::repeat_n(b'x', 3 << 20));
    file.push(b'\n');
    file.extend(good(6));
    file.extend_from_slice(format!("{PDA},,arrived,{},20/11/2025,,,,,,,,,more\n", codes::item(7)).as_bytes());
    file.extend(good(8));
    file.extend_from_slice(format!("{PDA},,arrived,{},20/1", codes::item(9)).as_bytes());
    let ended = desk.import(post, "scans", &file, &["--json"]);
    assert_eq!(ended.code, Some(1));
    assert_eq!(
        ended.rows(),
        [
            taken(2, "imported"),
            refused(3, "MESSAGE_MALFORMED", "code"),
            taken(4, "imported"),
            refused(5, "TEXT_INVALID", "also"),
            taken(6, "imported"),
            refused(7, "MESSAGE_TOO_LARGE", ""),
            taken(8, "imported"),
            refused(9, "MESSAGE_MALFORMED", ""),
            taken(10, "imported"),
            refused(11, "MESSAGE_MALFORMED", ""),
        ]
    );
    assert!(ended.out.contains(&format!("line 3, column {}", PDA.len() + 11)), "where the quote began");
    assert!(ended.out.contains("line 5, column") && ended.out.contains("byte 0xD0"), "{}", ended.out);
    assert!(ended.out.contains("the file was cut off here"));
    assert_eq!(world.log(post).await.len(), 5);
    // In Vietnamese, for a person: the refused ones, then the count.
    let ended = desk.import(post, "scans", &file, &["--lang", "vi"]);
    assert_eq!(ended.out.lines().count(), 6);
    assert!(ended.out.starts_with("dòng 3: MESSAGE_MALFORMED code: "), "{}", ended.out);
    assert!(ended.out.contains("dấu \" mở ở dòng 3, cột"), "{}", ended.out);
    assert!(ended.out.ends_with("đã nhập 0  đã có 5  bị từ chối 5\n"), "{}", ended.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_replay_old_lists_are_received_when_they_happened() {
    let start = Start { flags: vec!["--clock".into(), "replay".into()], ..Start::default() };
    let world = World::start_with(start).await;
    let (desk, post) = (Desk::of(&world), &world.province.post);
    let list = format!(
        "{SCANS}\n{SYSTEM},,arrived,{},20/11/2020 07:00,,,,,,,,\n{SYSTEM},,office-in,{},2020-11-20 06:00:00,,,,,,,,\n",
        codes::item(1),
        codes::item(2)
    );
    assert_eq!(desk.takes(post, "scans", &list), "imported 2  again 0  refused 0");
    let received: Vec<i64> =
        world.log(post).await.iter().map(|line| line.received_at.unwrap().seconds).collect();
    assert_eq!(received, [1_605_830_400, 1_605_826_800]);
    let committed = world.log(post).await[1].committed_at.unwrap().seconds;
    assert_eq!(committed, 1_605_830_400, "the gateway's now is the latest that was told");
    assert_eq!(desk.takes(post, "scans", &list), "imported 0  again 2  refused 0");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_need_read_the_answers_to_the_end() {
    let world = World::start().await;
    let (desk, post) = (Desk::of(&world), &world.province.post);
    let rows: String = (1..=3_000)
        .map(|n| format!("{PDA},,arrived,{},20/11/2025 07:00,,,,,,,,{n}\n", codes::item(n)))
        .collect();
    let path = desk.file("many.csv", format!("{SCANS}\n{rows}"));
    let mut command = desk.command(post, "scans", path.to_str().unwrap(), &["--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{told}");
    assert_eq!(told, "imported 3000  again 0  refused 0\n");
    assert_eq!(world.log(post).await.len(), 3_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_enrols_devices_for_those_below_it_and_for_nobody_else() {
    let world = World::start().await;
    let (desk, supervisor) = (Desk::of(&world), &world.province.supervisor);
    let list = "id,kind,carrier,agency,office,holder\nreader-9,device,,H99.17,,\noffice,system,,H99,,\n";
    assert_eq!(desk.takes(supervisor, "devices", list), "imported 2  again 0  refused 0");
    assert_eq!(desk.takes(supervisor, "devices", list), "imported 0  again 2  refused 0");
    let before = written(&world);
    let foreign = "id,kind,carrier,agency,office,holder\npda-9,device,p,,,\n";
    let ended = desk.import(supervisor, "devices", foreign, &["--json"]);
    assert_eq!(ended.rows(), [refused(2, "NOT_FOUND", "carrier")]);
    assert_eq!(written(&world), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_gone_ends_an_import_which_is_sent_again_from_the_start() {
    let mut world = World::start().await;
    let (desk, post) = (Desk::of(&world), world.province.post.clone());
    let row = |n: u64| format!("{PDA},,arrived,{},20/11/2025 07:00,,,,,,,,{n}\n", codes::item(n));
    let mut command = desk.command(&post, "scans", "-", &["--json"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    write!(input, "{SCANS}\n{}", row(1)).unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    answers.read_line(&mut first).unwrap();
    assert!(first.contains("imported"), "a row that is piped alone is answered before the next: {first}");
    world.gateway.kill();
    write!(input, "{}", row(2)).unwrap();
    drop(input);
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3), "{told}");
    assert!(told.contains("imported 1  again 0  refused 0"), "{told}");
    assert!(told.contains("the rows after line 2 have no answer; send the file again"), "{told}");

    world.gateway.restart();
    world.connect().await;
    let list = format!("{SCANS}\n{}{}", row(1), row(2));
    assert_eq!(Desk::of(&world).takes(&post, "scans", &list), "imported 1  again 1  refused 0");
    assert_eq!(world.log(&post).await.len(), 2);
}

/// An import that is fed through a pipe and asked how much memory it ever had.
struct Fed {
    child: Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Fed {
    fn start(desk: &Desk, who: &Partner) -> Fed {
        let mut command = desk.command(who, "scans", "-", &["--dry-run", "--json"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Fed { child, answers }
    }

    /// Feeds rows and waits until the last is answered; the most memory it has had, in KiB.
    fn peak_after(mut self, rows: u64) -> u64 {
        let mut input = std::io::BufWriter::new(self.child.stdin.take().unwrap());
        let feeder = std::thread::spawn(move || {
            writeln!(input, "{SCANS}").unwrap();
            for n in 1..=rows {
                writeln!(input, "{PDA},,arrived,{},20/11/2025 07:00,009010,,,,,,,{n}", codes::item(n))
                    .unwrap();
            }
            input.flush().unwrap();
            input
        });
        let mut line = String::new();
        for _ in 0..rows {
            line.clear();
            self.answers.read_line(&mut line).unwrap();
        }
        assert!(line.contains(&format!("\"line\":{}", rows + 1)) && line.contains("imported"), "{line}");
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        drop(feeder.join().unwrap());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_times_the_rows_take_no_more_memory() {
    let world = World::start().await;
    let (desk, post) = (Desk::of(&world), &world.province.post);
    let few = Fed::start(&desk, post).peak_after(20_000);
    let many = Fed::start(&desk, post).peak_after(200_000);
    assert!(many < few + 4 * 1_024, "{few} KiB for 20,000 rows, {many} KiB for 200,000");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_of_offices_shares_commits() {
    let mut world = World::start().await;
    let (desk, admin) = (Desk::of(&world), world.province.admin.clone());
    let rows: String = (0..3_000).map(|n| format!("{n:06},Bưu cục {n},p,59\n")).collect();
    let list = format!("id,name,carrier,province\n{rows}");
    let before = written(&world);
    assert_eq!(desk.takes(&admin, "offices", &list), "imported 3000  again 0  refused 0");
    let commits = written(&world).0 - before.0;
    assert!(commits < 1_500, "{commits} commits for 3,000 offices");
    // The gateway that served them answers as one that reads them anew.
    let ask = || admin.ask(v1::GetOfficeRequest { name: format!("{CARRIER}/offices/002999") });
    let served = world.directory().get_office(ask()).await.unwrap().into_inner();
    world.kill_and_restart().await;
    assert_eq!(world.directory().get_office(ask()).await.unwrap().into_inner(), served);
    assert_eq!(Desk::of(&world).takes(&admin, "offices", &list), "imported 0  again 3000  refused 0");
}
