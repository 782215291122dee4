//! Finding a consumer by what a person calls it.

use crate::doors::cli::gateway::Gateway;
use crate::doors::cli::{Failure, names};
use crate::doors::wire::v1;

/// A party as a person names it: a bare code is an agency's.
pub fn parent(text: &str) -> String {
    if text.contains('/') { text.to_owned() } else { names::whole("agencies/", text) }
}

/// A whole name's party and id.
pub(super) fn parts(name: &str) -> Option<(&str, &str)> {
    name.split_once("/consumers/")
}

/// One consumer, by its whole name or by its id among a party's.
pub(super) async fn one(gateway: &Gateway, party: &str, name: &str) -> Result<v1::Consumer, Failure> {
    if parts(name).is_some() {
        return get(gateway, name).await;
    }
    match all(gateway, &parent(party)).await?.into_iter().find(|consumer| is_called(consumer, name)) {
        Some(consumer) => Ok(consumer),
        // Under no party's name there is none either: the gateway says so in its own words.
        None => get(gateway, &format!("agencies/-/consumers/{name}")).await,
    }
}

fn is_called(consumer: &v1::Consumer, id: &str) -> bool {
    parts(&consumer.name).is_some_and(|(_, of)| of == id)
}

async fn get(gateway: &Gateway, name: &str) -> Result<v1::Consumer, Failure> {
    let (request, id) = gateway.request(v1::GetConsumerRequest { name: name.to_owned() });
    let answer = gateway.feeds().get_consumer(request).await;
    let answer = answer.map_err(|status| gateway.failure(&status, &id))?.into_inner();
    answer.consumer.ok_or(Failure::Incomplete("consumer"))
}

/// A party's consumers.
pub(super) async fn all(gateway: &Gateway, parent: &str) -> Result<Vec<v1::Consumer>, Failure> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let message = v1::ListConsumersRequest { parent: parent.to_owned(), page_size: 0, page_token };
        let (request, id) = gateway.request(message);
        let answer = gateway.feeds().list_consumers(request).await;
        let page = answer.map_err(|status| gateway.failure(&status, &id))?.into_inner();
        found.extend(page.consumers);
        if page.next_page_token.is_empty() {
            return Ok(found);
        }
        page_token = page.next_page_token;
    }
}
