//! `trao decide`, `status`, `history` and `import results`, through the real command.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use trao::doors::wire::v1;

use super::*;
use crate::support::gateway::trao;

/// Somebody at a desk, with a key in a file.
struct Officer {
    folder: tempfile::TempDir,
    server: String,
}

impl Officer {
    fn of(world: &World, who: &Partner) -> Officer {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        std::fs::write(&key, &who.key).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        Officer { folder, server: world.gateway.url() }
    }

    /// Runs a command; gives its exit code, its lines and what it said beside them.
    fn run(&self, line: &str) -> (i32, Vec<String>, String) {
        let mut command = trao();
        command.args(line.split(' ')).args(["--server", &self.server, "--lang", "en", "--token-file"]);
        let output = command.arg(self.folder.path().join("key")).output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), out.lines().map(str::to_owned).collect(), told)
    }

    /// Runs a command that must end well.
    fn does(&self, line: &str) -> Vec<String> {
        let (code, out, told) = self.run(line);
        assert_eq!(code, 0, "{line}: {told}");
        out
    }

    /// The same, with the one object that it prints.
    fn json(&self, line: &str) -> Value {
        let out = self.does(&format!("{line} --json"));
        assert_eq!(out.len(), 1, "{out:?}");
        serde_json::from_str(&out[0]).unwrap()
    }
}

fn has(lines: &[String], wanted: &str) -> bool {
    lines.iter().any(|line| line.contains(wanted))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_takes_a_dossier_from_its_envelope_to_its_end_on_the_command_line() {
    let world = World::start().await;
    let p = &world.province;
    let counter = Officer::of(&world, &p.centre);
    handed_over(&world, 1).await;
    let (item, code) = (codes::item(1), codes::dossier(1));
    let told = counter.does(&format!("decide accept {item} {code} --due 27/11/2099 --id accept-1"));
    assert!(told[0].starts_with("Dossier accepted · recorded at 0-"), "{told:?}");
    assert!(has(&told, &format!("Dossier {code} · {DEPARTMENT} · Accepted")), "{told:?}");
    assert!(has(&told, "Result due: 27/11/2099 23:59"), "{told:?}");
    assert!(has(&told, &format!("Papers held by: The agency {CENTRE}")), "{told:?}");
    let again = counter.does(&format!("decide accept {item} {code} --due 27/11/2099 --id accept-1"));
    assert!(again[0].ends_with("(recorded before)"), "{again:?}");

    let wanted = counter.json(&format!("decide supplement {code} --carrier p --reason incomplete-papers"));
    assert_eq!((&wanted["type"], &wanted["replayed"]), (&"SUPPLEMENT_REQUESTED".into(), &false.into()));
    assert_eq!(wanted["dossier"]["state"], "SUPPLEMENT_REQUESTED");
    let leg = wanted["leg"].as_str().unwrap();
    assert_eq!(wanted["legs"][1]["name"], leg);
    assert_eq!(
        (&wanted["legs"][1]["kind"], &wanted["legs"][1]["state"]),
        (&"SUPPLEMENT".into(), &"ORDERED".into())
    );
    counter.does(&format!("decide due {code} --due 30/11/2099"));

    // The result, its due and its owner, by the dossier's item as by its code.
    let item_out = codes::item(2);
    let told = counter.does(&format!(
        "decide announce {item} --carrier p --office 990100 --item {item_out} --fee 60000 --postage 26000 --must-be-owner"
    ));
    assert!(has(&told, "Ordered, waiting for pickup"), "{told:?}");
    assert!(has(&told, "To be collected: agency fee 60.000 đ · postage 26.000 đ"), "{told:?}");
    let (code_of_early, _, early) = counter.run(&format!("decide close {code} --by-post"));
    assert_eq!(code_of_early, 1, "{early}");
    assert!(early.contains("LEG_STATE"), "{early}");
    let paid = |event| v1::Event {
        money: vec![v1::Money { kind: 1, vnd: 60_000 }, v1::Money { kind: 2, vnd: 26_000 }],
        relation: v1::Relation::Addressee.into(),
        ..event
    };
    assert_eq!(anomalies(&delivered(&world, 2, paid).await), []);
    let status = counter.does(&format!("status {code}"));
    assert!(has(&status, "close the dossier (trao decide close)"), "{status:?}");
    assert!(has(&status, "Collected: agency fee 60.000 đ · postage 26.000 đ"), "{status:?}");
    assert!(has(&status, "Only the addressee"), "{status:?}");
    let closed = counter.json(&format!("decide close {code} --by-post"));
    assert_eq!((&closed["dossier"]["state"], &closed["leg"]), (&"CLOSED".into(), &Value::Null));

    let status = counter.json(&format!("status {code}"));
    let said: Vec<&str> = status["dossier"]["decisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|decision| decision["type"].as_str().unwrap())
        .collect();
    let wanted =
        ["DOSSIER_ACCEPTED", "SUPPLEMENT_REQUESTED", "DUE_DATE_SET", "RESULT_ANNOUNCED", "DOSSIER_CLOSED"];
    assert_eq!(said, wanted);
    assert_eq!(status["dossier"]["due_at"], "2099-11-30T16:59:59.000000Z");
    let history = counter.does(&format!("history {code}"));
    for line in ["New due date", "Due: 30/11/2099 23:59", "Reason: papers missing", "Dossier closed"] {
        assert!(has(&history, line), "{line}: {history:?}");
    }
    assert!(!has(&history, "on no leg"), "a decision waits for no leg: {history:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_answers_like_every_other_what_it_cannot_decide() {
    let world = World::start().await;
    let p = &world.province;
    let counter = Officer::of(&world, &p.centre);
    let post = Officer::of(&world, &p.post);
    let leg = handed_over(&world, 11).await;
    let (item, code) = (codes::item(11), codes::dossier(11));
    let nothing = counter.run(&format!("decide stop {code}"));
    assert_eq!(nothing.0, 1, "{nothing:?}");
    assert!(nothing.2.contains("NOT_FOUND"), "{nothing:?}");
    let no_dossier = counter.run(&format!("decide stop {item}"));
    assert_eq!(no_dossier.0, 2, "{no_dossier:?}");
    assert!(no_dossier.2.contains("trao decide refuse") && no_dossier.2.contains(&leg), "{no_dossier:?}");
    assert_eq!(counter.run("decide close X").0, 2);
    let (exit, out, _) = post.run(&format!("decide accept {item} {code} --json"));
    let error: Value = serde_json::from_str(&out[0]).unwrap();
    assert_eq!((exit, &error["error"]["reason"]), (1, &"ROLE_NOT_ALLOWED".into()));

    // Papers that never got a dossier are refused by what is read on them.
    let refused = counter.json(&format!("decide refuse {item} --carrier p --reason wrong-agency"));
    assert_eq!(refused["dossier"], Value::Null);
    let home = refused["leg"].as_str().unwrap().to_owned();
    let home_leg =
        refused["legs"].as_array().unwrap().iter().find(|leg| leg["name"] == home.as_str()).unwrap();
    assert_eq!(
        (&home_leg["kind"], &home_leg["holder"]["party"]),
        (&"RETURN_TO_CITIZEN".into(), &CENTRE.into())
    );

    let gone = trao().args(["decide", "stop", "X", "--server", "http://127.0.0.1:9"]).output().unwrap();
    assert_eq!(gone.status.code(), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_results_registers_announces_and_orders_each_in_one_line() {
    const HEADER: &str = "agency,procedure,dossier,counter,carrier,office,item,due,fee,postage,must_be_owner,\
                          take_back,name,phone,address";
    let world = World::start().await;
    let department = Officer::of(&world, &world.province.department);
    let file = department.folder.path().join("results.csv");
    let mut rows: String = (1..=30)
        .map(|n| {
            let (dossier, item) = (codes::dossier(n), codes::item(n));
            format!(
                "H99.14,1.004194,{dossier},H99.01,p,990100,{item},27/11/2099,60.000,26000,x,1,Trần Thị {n},0912345678,\"{n}, Lê Lợi\"\n"
            )
        })
        .collect();
    rows.push_str("H99.14,1.004195,H99.14-261120-0031,H99.01,,,,,,,,,,,\n");
    let wrong = "H99.14,1.004195,H99.14-261120-0032,H99.01,p,,,,,,,,,,\n\
                 H99.17,,H99.17-261120-0001,,,,,,,,,,,,\n\
                 H99.14,,H99.14-261120-0034,,p,,RA000000001VN,,,,,,,,\n\
                 H99.14,,H99.14-261120-0035,,p,,,,12.5,,,,,,\n";
    std::fs::write(&file, format!("{HEADER}\n{rows}{wrong}")).unwrap();
    let import = |more: &str| department.run(&format!("import results {} --json{more}", file.display()));
    let status = |out: &[String]| -> Vec<(String, String, String)> {
        let row = |line: &String| {
            let row: Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            (text("status"), text("reason"), text("field"))
        };
        out.iter().map(row).collect()
    };
    let (exit, out, told) = import(" --dry-run");
    assert_eq!((exit, world.log(&world.province.department).await.len()), (1, 0), "{told}");
    let dry = status(&out);
    let refused = |reason: &str, field: &str| ("refused".to_owned(), reason.to_owned(), field.to_owned());
    let wrong = [
        refused("PROCEDURE_NOT_ELIGIBLE", "procedure"),
        refused("ROLE_NOT_ALLOWED", "agency"),
        refused("CHECK_DIGIT", "item"),
        refused("TEXT_INVALID", "fee"),
    ];
    // Whose key it is the gateway alone judges.
    assert_eq!((&dry[31], &dry[33..]), (&wrong[0], &wrong[2..]));

    let (exit, out, told) = import("");
    assert_eq!(exit, 1);
    assert!(told.contains("imported 31  again 0  refused 4"), "{told}");
    assert_eq!(status(&out)[31..], wrong);
    assert!(!out.concat().contains("Trần"), "no personal data in an answer");
    let log = world.log(&world.province.department).await;
    assert_eq!(log.len(), 31, "one event each");
    let orders = world.log(&world.province.post).await;
    assert_eq!(orders.len(), 30, "the carrier hears of what it brings");
    let leg = world.leg(&world.province.post, &orders[0].leg).await;
    assert_eq!((leg.must_be_owner, leg.take_back, leg.dues.len()), (true, 1, 2));
    assert_eq!(leg.office, "carriers/p/offices/990100");

    let (_, _, told) = import("");
    assert!(told.contains("imported 0  again 31  refused 4"), "{told}");
    assert_eq!(world.log(&world.province.department).await.len(), 31);
}
