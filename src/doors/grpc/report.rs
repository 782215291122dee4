//! ReportService: a report is counted beside the call, a page after the other, and ends with who asked for it.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::lookup::{AsOf, must_read, number_of, parent, unread};
use super::{Call, Gateway};
use crate::access::Role;
use crate::doors::wire::{into, report, v1};
use crate::dossier::directory::Day;
use crate::dossier::names::{Micros, PartyName};
use crate::dossier::refusal::{Reason, Refusal};
use crate::limits;
use crate::stream::{self, Places};
use crate::view::report::{self as counted, By, Holdings, OnTime, Place, Postal, Reconciliation, Scope};
use crate::view::{self, Eyes, Moment, View, When};
use v1::report_service_server::ReportService;

/// How often it is said how far a report has come, and looked whether the key still stands.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);
/// How long the report waits to be taken.
const TAKEN_WITHIN: Duration = Duration::from_secs(limits::FOLLOW_TAKE_SECONDS);

/// Places in which reports are counted. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reports(Places);

impl Default for Reports {
    fn default() -> Reports {
        Reports(Places::new(limits::REPORTS))
    }
}

type Answers<T> = ReceiverStream<Result<T, Status>>;

#[tonic::async_trait]
impl ReportService for Gateway {
    async fn count_procedures(
        &self,
        request: Request<v1::CountProceduresRequest>,
    ) -> Result<Response<v1::CountProceduresResponse>, Status> {
        let call = self.enter(&request).await?;
        let asked = crate::doors::wire::directory::day(&request.into_inner().as_of_date, "as_of_date");
        let day = asked.map_err(|refusal| call.refused(&refusal))?.unwrap_or(Day::at(self.clock.now()));
        Ok(Response::new(report::procedures(day, counted::procedures(&call.directory, day))))
    }

    type CountPostalStream = Answers<v1::CountPostalResponse>;

    async fn count_postal(
        &self,
        request: Request<v1::CountPostalRequest>,
    ) -> Result<Response<Self::CountPostalStream>, Status> {
        let call = self.enter(&request).await?;
        let request = request.into_inner();
        // CANCEL: nothing runs yet.
        let opened = async {
            let days = report::days(&request.from_date, &request.to_date)?;
            let by = report::by(request.by)?;
            let scope = self.scope(&call, &request.parent)?;
            self.open(&call, scope, request.as_of.as_ref()).await.map(|counting| (counting, days, by))
        };
        let (counting, days, by) = opened.await.map_err(|refusal| call.refused(&refusal))?;
        Ok(counting.run(PostalCount { by, postal: Postal::new(days) }))
    }

    type CountHoldingsStream = Answers<v1::CountHoldingsResponse>;

    async fn count_holdings(
        &self,
        request: Request<v1::CountHoldingsRequest>,
    ) -> Result<Response<Self::CountHoldingsStream>, Status> {
        let call = self.enter(&request).await?;
        let request = request.into_inner();
        // CANCEL: nothing runs yet.
        let opened = async {
            let scope = self.scope(&call, &request.parent)?;
            self.open(&call, scope, request.as_of.as_ref()).await
        };
        let counting = opened.await.map_err(|refusal| call.refused(&refusal))?;
        Ok(counting.run(Holdings::default()))
    }

    type MeasureOnTimeStream = Answers<v1::MeasureOnTimeResponse>;

    async fn measure_on_time(
        &self,
        request: Request<v1::MeasureOnTimeRequest>,
    ) -> Result<Response<Self::MeasureOnTimeStream>, Status> {
        let call = self.enter(&request).await?;
        let request = request.into_inner();
        // CANCEL: nothing runs yet.
        let opened = async {
            let days = report::days(&request.from_date, &request.to_date)?;
            let scope = self.scope(&call, &request.parent)?;
            self.open(&call, scope, request.as_of.as_ref()).await.map(|counting| (counting, days))
        };
        let (counting, days) = opened.await.map_err(|refusal| call.refused(&refusal))?;
        let report = OnTime::new(days, counting.now);
        Ok(counting.run(Pacing { report, legs: false }))
    }

    type ReconcileDayStream = Answers<v1::ReconcileDayResponse>;

    async fn reconcile_day(
        &self,
        request: Request<v1::ReconcileDayRequest>,
    ) -> Result<Response<Self::ReconcileDayStream>, Status> {
        let call = self.enter(&request).await?;
        let request = request.into_inner();
        // CANCEL: nothing runs yet.
        let opened = async {
            let day = report::day(&request.date, "date")?;
            let (agency, carrier) = self.both(&call, &request.agency, &request.carrier, day)?;
            let number = number_of(&call, &agency).ok_or_else(|| absent("agency"))?;
            let scope = Scope::of(vec![(agency.clone(), number)]);
            let counting = self.open(&call, scope, request.as_of.as_ref()).await?;
            Ok((counting, Reconciliation::new(day, agency, carrier)))
        };
        let (counting, between) = opened.await.map_err(|refusal: Refusal| call.refused(&refusal))?;
        Ok(counting.run(between))
    }
}

fn absent(field: &str) -> Refusal {
    Refusal::field(Reason::NotFound, field, "")
}

impl Gateway {
    /// The parties whose legs are counted: the one asked for, and for a supervisor all below it.
    fn scope(&self, call: &Call, asked: &str) -> Result<Scope, Refusal> {
        let (party, number) = parent(call, asked, self.clock.now())?;
        if call.caller.role != Role::Supervisor {
            return Ok(Scope::of(vec![(party, number)]));
        }
        let directory = &call.directory;
        let below = directory.parties.iter().filter(|(name, _)| directory.is_within(name, &party));
        Ok(Scope::of(below.map(|(name, (enrolment, _))| (name.clone(), enrolment.id)).collect()))
    }

    /// An agency and a carrier, one of which the caller reads: each leg between them concerns both.
    fn both(
        &self,
        call: &Call,
        agency: &str,
        carrier: &str,
        day: Day,
    ) -> Result<(PartyName, PartyName), Refusal> {
        must_read(call)?;
        let named = |text: &str, field: &str| {
            let named = into::party(text, field)?;
            named.ok_or_else(|| Refusal::field(Reason::FieldRequired, field, ""))
        };
        let (agency, carrier) = (named(agency, "agency")?, named(carrier, "carrier")?);
        let agency = call.directory.canonical(&agency, day).cloned().unwrap_or(agency);
        let reads = |party: &PartyName| call.sees(std::slice::from_ref(party));
        match (reads(&agency), reads(&carrier)) {
            (false, false) => Err(absent("agency")),
            _ if call.directory.agency(&agency).is_none() => Err(absent("agency")),
            _ if call.directory.carrier(&carrier).is_none() => Err(absent("carrier")),
            _ => Ok((agency, carrier)),
        }
    }

    async fn open(
        &self,
        call: &Call,
        scope: Scope,
        as_of: Option<&v1::ReportAt>,
    ) -> Result<Counting, Refusal> {
        use v1::report_at::At;
        let as_of = match as_of.and_then(|as_of| as_of.at.as_ref()) {
            Some(At::ReadTime(read_time)) => {
                let asked = AsOf::time(read_time).map_err(|refusal| refusal.under("as_of"))?;
                AsOf { field: "as_of.read_time", ..asked }
            }
            Some(At::ReadPosition(position)) => {
                let asked = AsOf::position(position).map_err(|refusal| refusal.under("as_of"))?;
                AsOf { field: "as_of.read_position", ..asked }
            }
            None => AsOf::NOW,
        };
        let field = as_of.field;
        let party = call.caller.party.as_ref().and_then(|party| number_of(call, party));
        let room = self.reports.0.take(party.unwrap_or_default())?;
        // CANCEL: only reads; the place is given back.
        let moment = self.moment(&as_of).await?;
        let now = match as_of.when {
            When::Now => self.clock.now(),
            When::Time(time) => time,
            When::Position(_) => {
                let lanes = moment.iter().flat_map(Moment::all);
                lanes.map(|lane| lane.known_at).max().unwrap_or_default()
            }
        };
        Ok(Counting { gateway: self.clone(), call: call.clone(), scope, moment, now, field, _room: room })
    }
}

/// A report that is being counted.
struct Counting {
    gateway: Gateway,
    call: Call,
    scope: Scope,
    /// `None` before the first event: there is nothing to count.
    moment: Option<Moment>,
    /// The time that it is then.
    now: Micros,
    /// The field that says as of when.
    field: &'static str,
    _room: stream::Place,
}

/// Why a report is not told.
enum Stop {
    /// Nobody waits for it.
    Gone,
    /// Something is wrong, or the gateway ends.
    Refused(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        Stop::Refused(refusal)
    }
}

/// A kind of report: what is read for it, and what is answered.
trait Count: Send + 'static {
    /// A message of the answer.
    type Answer: Send + 'static;

    /// How far it has come.
    fn progress(progress: v1::ReportProgress) -> Self::Answer;

    /// Reads and counts the next page; whether there was one.
    fn next(
        &mut self,
        counting: &Counting,
        place: &mut Place,
        moment: &Moment,
    ) -> impl Future<Output = Result<bool, view::Error>> + Send;

    /// The report.
    fn done(self, moment: Option<&Moment>) -> Self::Answer;
}

impl Counting {
    /// Counts beside the call. The report is the last message of the answer, and what goes wrong its end.
    fn run<C: Count>(self, count: C) -> Response<Answers<C::Answer>> {
        let (answers, taken) = mpsc::channel(2);
        let tasks = self.gateway.tasks.clone();
        tasks.spawn(async move {
            // CANCEL: only reads; whoever asked may ask again.
            let last = match self.all(count, &answers).await {
                Ok(report) => Ok(report),
                Err(Stop::Gone) => return,
                Err(Stop::Refused(refusal)) => Err(self.call.refused(&refusal)),
            };
            let _untaken = tokio::time::timeout(TAKEN_WITHIN, answers.send(last)).await;
        });
        Response::new(ReceiverStream::new(taken))
    }

    async fn all<C: Count>(
        &self,
        mut count: C,
        answers: &mpsc::Sender<Result<C::Answer, Status>>,
    ) -> Result<C::Answer, Stop> {
        let Some(moment) = &self.moment else { return Ok(count.done(None)) };
        let mut place = Place::default();
        let mut told = Instant::now();
        let unread = |error| Stop::Refused(unread(&error, self.field));
        // CANCEL: only reads.
        while count.next(self, &mut place, moment).await.map_err(unread)? {
            if answers.is_closed() {
                return Err(Stop::Gone);
            }
            if self.gateway.shutdown.is_cancelled() {
                return Err(Refusal::store_unavailable().into());
            }
            if told.elapsed() >= PROGRESS_EVERY {
                self.gateway.still_stands(&self.call.authorization).await?;
                // Whoever is slow to take it is told the next time.
                let _untaken = answers.try_send(Ok(C::progress(report::progress(&self.scope, &place))));
                told = Instant::now();
            }
            tokio::task::yield_now().await;
        }
        Ok(count.done(Some(moment)))
    }

    fn view(&self) -> &View {
        &self.gateway.view
    }
}

/// Received and returned by post.
struct PostalCount {
    by: By,
    postal: Postal,
}

impl Count for PostalCount {
    type Answer = v1::CountPostalResponse;

    fn progress(progress: v1::ReportProgress) -> Self::Answer {
        v1::CountPostalResponse { message: Some(v1::count_postal_response::Message::Progress(progress)) }
    }

    async fn next(
        &mut self,
        counting: &Counting,
        place: &mut Place,
        moment: &Moment,
    ) -> Result<bool, view::Error> {
        // CANCEL: only reads.
        let page = counting.view().next_legs(&counting.scope, place, moment).await?;
        let Some(legs) = page else { return Ok(false) };
        let directory = &counting.call.directory;
        counting.view().count_postal(directory, self.by, &legs, moment, &mut self.postal).await?;
        Ok(true)
    }

    fn done(self, moment: Option<&Moment>) -> Self::Answer {
        let report = report::postal(self.postal.rows(), moment);
        v1::CountPostalResponse { message: Some(v1::count_postal_response::Message::Report(report)) }
    }
}

impl Count for Holdings {
    type Answer = v1::CountHoldingsResponse;

    fn progress(progress: v1::ReportProgress) -> Self::Answer {
        v1::CountHoldingsResponse { message: Some(v1::count_holdings_response::Message::Progress(progress)) }
    }

    async fn next(
        &mut self,
        counting: &Counting,
        place: &mut Place,
        moment: &Moment,
    ) -> Result<bool, view::Error> {
        // CANCEL: only reads.
        let page = counting.view().next_legs(&counting.scope, place, moment).await?;
        let Some(legs) = page else { return Ok(false) };
        legs.iter().for_each(|leg| self.take(leg));
        Ok(true)
    }

    fn done(self, moment: Option<&Moment>) -> Self::Answer {
        let report = report::holdings(&self, moment);
        v1::CountHoldingsResponse { message: Some(v1::count_holdings_response::Message::Report(report)) }
    }
}

/// By whose clock: first the dossiers, then the legs that have none.
struct Pacing {
    report: OnTime,
    legs: bool,
}

impl Count for Pacing {
    type Answer = v1::MeasureOnTimeResponse;

    fn progress(progress: v1::ReportProgress) -> Self::Answer {
        v1::MeasureOnTimeResponse { message: Some(v1::measure_on_time_response::Message::Progress(progress)) }
    }

    async fn next(
        &mut self,
        counting: &Counting,
        place: &mut Place,
        moment: &Moment,
    ) -> Result<bool, view::Error> {
        let (view, scope) = (counting.view(), &counting.scope);
        // CANCEL: only reads.
        if !self.legs {
            if view.next_dossiers(&counting.call, scope, place, moment, &mut self.report).await? {
                return Ok(true);
            }
            self.legs = true;
            *place = place.again();
        }
        let Some(legs) = view.next_legs(scope, place, moment).await? else { return Ok(false) };
        legs.iter().filter(|leg| leg.dossier.is_none()).for_each(|leg| self.report.take_leg(leg));
        Ok(true)
    }

    fn done(self, moment: Option<&Moment>) -> Self::Answer {
        let report = report::on_time(&self.report, moment);
        v1::MeasureOnTimeResponse { message: Some(v1::measure_on_time_response::Message::Report(report)) }
    }
}

impl Count for Reconciliation {
    type Answer = v1::ReconcileDayResponse;

    fn progress(progress: v1::ReportProgress) -> Self::Answer {
        v1::ReconcileDayResponse { message: Some(v1::reconcile_day_response::Message::Progress(progress)) }
    }

    async fn next(
        &mut self,
        counting: &Counting,
        place: &mut Place,
        moment: &Moment,
    ) -> Result<bool, view::Error> {
        // CANCEL: only reads.
        let page = counting.view().next_legs(&counting.scope, place, moment).await?;
        let Some(legs) = page else { return Ok(false) };
        for leg in &legs {
            if self.may_concern(leg) {
                self.take(leg, counting.view().said_of(leg, moment).await?);
            }
        }
        Ok(true)
    }

    fn done(self, moment: Option<&Moment>) -> Self::Answer {
        let report = report::reconciliation(&self, moment);
        v1::ReconcileDayResponse { message: Some(v1::reconcile_day_response::Message::Report(report)) }
    }
}
