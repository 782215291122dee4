//! `trao people`: who may act for a party, as what, where and until when.

use super::gateway::{ClientArgs, Gateway};
use super::human::say;
use super::{Exit, Failure, Output, names, shapes, words};
use crate::doors::refusal::Language;
use crate::doors::wire::{directory, person, v1};
use crate::dossier::person::StaffRole;

/// Whose people, and of which day.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "\
People are known by staff numbers; no names are kept. They are entered by `trao import persons`.
Where somebody has appointments, none of which holds today, commands with that person's key are
refused OFF_DUTY, and who stands in is named; what is scanned all the same is flagged.

With --json, one object a line:
  {\"name\":\"carriers/p/persons/NV-0117\",\"party\":\"carriers/p\",\"id\":\"NV-0117\",\"appointments\":[
   {\"name\":\"…\",\"role\":\"CLERK\",\"office\":\"carriers/p/offices/009010\",\"agency\":null,\"acts_for\":null,
    \"valid_from\":\"2025-01-01\",\"valid_to\":null,\"decision\":\"12/QĐ-BĐT\",\"substitute\":\"NV-0118\"}]}

Examples:
  trao people --on 2026-11-20
  trao people --party H99.31 --role officer
  trao people --json | jq -r 'select(.appointments == []) | .id'

Exit code 0, also when there is nobody; 1 when refused; 2 for a wrong command line; 3 when the
gateway does not answer.")]
pub struct Args {
    /// The party, such as H99.31 or carriers/p; your own where not given
    #[arg(long, default_value = "", value_name = "PARTY", hide_default_value = true)]
    pub party: String,
    /// Only appointments that hold on a day, YYYY-MM-DD, and people who have one
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub on: Option<String>,
    /// Only one role: clerk, postman, controller, officer, supervisor
    #[arg(long, value_name = "ROLE", value_parser = role)]
    pub role: Option<StaffRole>,
    /// Which gateway
    #[command(flatten)]
    pub client: ClientArgs,
}

fn day(text: &str) -> Result<String, String> {
    let read = directory::day(text, "").ok().flatten();
    read.map(|day| day.to_string()).ok_or_else(|| "a day such as 2026-11-20".to_owned())
}

fn role(text: &str) -> Result<StaffRole, String> {
    words::staff_role_of(text)
        .ok_or_else(|| "one of clerk, postman, controller, officer, supervisor".to_owned())
}

/// Lists them.
pub async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let gateway = Gateway::connect(&args.client).await?;
    let people = all(&gateway, args).await?;
    if args.client.json {
        people.iter().try_for_each(|person| output.json(&shapes::Person::of(person)))?;
    } else {
        table(&people, args.client.language()).iter().try_for_each(|line| output.line(line))?;
    }
    output.flush()?;
    Ok(Exit::Done)
}

async fn all(gateway: &Gateway, args: &Args) -> Result<Vec<v1::Person>, Failure> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let message = v1::ListPersonsRequest {
            parent: names::party(&args.party),
            page_size: 0,
            page_token,
            on: args.on.clone().unwrap_or_default(),
            role: args.role.map_or(0, |role| role.number().into()),
        };
        let (request, id) = gateway.request(message);
        let answer = gateway.directory().list_persons(request).await;
        let page = answer.map_err(|status| gateway.failure(&status, &id))?.into_inner();
        found.extend(page.persons);
        if page.next_page_token.is_empty() {
            return Ok(found);
        }
        page_token = page.next_page_token;
    }
}

/// A line for each appointment under a line that says what is what; one for somebody who has none.
fn table(people: &[v1::Person], language: Language) -> Vec<String> {
    let head = [
        say(language, "Số hiệu", "Staff no."),
        say(language, "Vai trò", "Role"),
        say(language, "Nơi làm việc", "Where"),
        say(language, "Thay mặt", "Acts for"),
        say(language, "Từ", "From"),
        say(language, "Đến", "To"),
        say(language, "Quyết định", "Decision"),
        say(language, "Người thay", "Substitute"),
    ];
    let rows = people.iter().flat_map(|person| {
        let nothing = v1::Appointment::default();
        let appointments = match person.appointments.as_slice() {
            [] => vec![nothing],
            some => some.to_vec(),
        };
        appointments.into_iter().map(|one| row(&person.id, &one, language))
    });
    let rows: Vec<[String; 8]> = std::iter::once(head.map(str::to_owned)).chain(rows).collect();
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: [usize; 8] = std::array::from_fn(width);
    let line = |row: &[String; 8]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn row(id: &str, one: &v1::Appointment, language: Language) -> [String; 8] {
    let or_dash = |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
    let bare = |name: &str| or_dash(name.rsplit('/').next().unwrap_or_default());
    let role = match person::role(one.role, "") {
        Ok(Some(role)) => words::staff_role(role).in_language(language).to_owned(),
        _ => or_dash(if one.role == 0 { "" } else { "?" }),
    };
    let place = if one.office.is_empty() { bare(&one.agency) } else { bare(&one.office) };
    let day = |text: &str| match text.split('-').collect::<Vec<_>>().as_slice() {
        [year, month, day] => format!("{day}/{month}/{year}"),
        _ => or_dash(text),
    };
    [
        id.to_owned(),
        role,
        place,
        bare(&one.acts_for),
        day(&one.valid_from),
        day(&one.valid_to),
        or_dash(&one.decision),
        or_dash(&one.substitute),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_appointment_is_a_line_and_who_has_none_is_told_too() {
        let appointment = v1::Appointment {
            role: v1::StaffRole::Clerk.into(),
            office: "carriers/p/offices/009010".into(),
            acts_for: "agencies/H99.31".into(),
            valid_from: "2025-01-01".into(),
            decision: "12/QĐ-BĐT".into(),
            substitute: "NV-2".into(),
            ..v1::Appointment::default()
        };
        let person = |id: &str, appointments: &[v1::Appointment]| v1::Person {
            id: id.into(),
            appointments: appointments.to_vec(),
            ..v1::Person::default()
        };
        let people = [person("NV-1", &[appointment]), person("NV-2", &[])];
        let expected = [
            "Số hiệu  Vai trò         Nơi làm việc  Thay mặt  Từ          Đến  Quyết định  Người thay",
            "NV-1     Giao dịch viên  009010        H99.31    01/01/2025  –    12/QĐ-BĐT   NV-2",
            "NV-2     –               –             –         –           –    –           –",
        ];
        assert_eq!(table(&people, Language::Vietnamese), expected);
        assert!(table(&people, Language::English)[1].starts_with("NV-1       Clerk  009010"));
        assert_eq!(table(&[], Language::English).len(), 1);
    }

    #[test]
    fn days_and_roles_are_read_as_they_are_written() {
        assert_eq!(day("2026-11-20"), Ok("2026-11-20".to_owned()));
        assert!(day("20/11/2026").is_err() && day("").is_err());
        assert_eq!(role("Giao dịch viên"), Ok(StaffRole::Clerk));
        assert_eq!(role("officer"), Ok(StaffRole::Officer));
        assert!(role("chief").is_err());
    }
}
