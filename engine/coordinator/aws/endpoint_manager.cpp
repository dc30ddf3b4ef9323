#include "engine/coordinator/aws/endpoint_manager.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/builtin/relation.hpp"
#include "engine/coordinator/aws/aws_context.hpp"
#include "engine/coordinator/aws/endpoint_work.hpp"
#include "engine/coordinator/clock.hpp"
#include "engine/coordinator/coordinator.hpp"
#include "engine/coordinator/intents.hpp"

namespace tailrace::engine {

using namespace std::chrono_literals;

namespace {

// What AWS answers at once is looked at again soon.
constexpr auto first_pause = 500ms;
// An endpoint costs money: it does not wait longer for a slot to be dropped through it.
constexpr auto slot_patience = 5min;
constexpr auto validation_patience = 60s;
// In check intervals: by then AWS shows what it made.
constexpr int shown_after = 8;

SqlError not_available(SqlState state, const std::string& name, const EndpointRecord& record,
                       const std::string& trouble) {
  const std::string status = record.status.empty() ? "not made yet" : record.status;
  SqlError error(
      state, fmt::format("AWS PrivateLink connection \"{}\" is not available: {}", name, status));
  if (!trouble.empty()) error.detail(trouble);
  if (const auto hint = endpoint_hint(record.status); !hint.empty()) error.hint(std::string(hint));
  return error;
}

std::string name_of(Coordinator& coordinator, catalog::ItemId id) {
  const catalog::CatalogPtr catalog = coordinator.catalog();
  const catalog::Item* item = catalog->find(id);
  return item ? item->name : id.to_string();
}

// vpce-1-abc-us-east-1a.vpce-svc-2.us-east-1.vpce.amazonaws.com
bool is_of_zone(const std::string& dns_name, const std::string& zone) {
  return !zone.empty() && dns_name.substr(0, dns_name.find('.')).ends_with("-" + zone);
}

}  // namespace

EndpointManager::EndpointManager(Coordinator& coordinator)
    : coordinator_(coordinator),
      check_interval_(coordinator.options().aws.check_interval),
      history_(coordinator.store(),
               catalog::builtin_table("mz_internal", "mz_aws_privatelink_connection_status_history"),
               "connection_id") {}

EndpointManager::~EndpointManager() {
  stop();
}

void EndpointManager::start() {
  thread_ = std::thread([this] { run(); });
}

void EndpointManager::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  cancel_.cancel();
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void EndpointManager::wake() {
  std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

std::string EndpointManager::dns_name(catalog::ItemId id, const std::string& zone) const {
  EndpointRecord record;
  std::string trouble;
  {
    std::lock_guard lock(mutex_);
    const auto found = endpoints_.find(id);
    if (found != endpoints_.end()) {
      record = found->second.record;
      trouble = found->second.trouble;
    }
  }
  if (record.status != "available" || record.dns_names.empty())
    throw not_available(sqlstate::connection_failure, name_of(coordinator_, id), record, trouble);
  if (zone.empty()) return record.dns_names.front();
  std::string zone_name;
  for (const auto& [zone_id, name] : record.zones) {
    if (zone_id == zone) zone_name = name;
  }
  for (const std::string& name : record.dns_names) {
    if (is_of_zone(name, zone) || is_of_zone(name, zone_name)) return name;
  }
  throw SqlError(
      sqlstate::connection_failure,
      fmt::format("AWS PrivateLink connection \"{}\" has no address in availability zone \"{}\"",
                  name_of(coordinator_, id), zone));
}

void EndpointManager::validate(catalog::ItemId id, CancelToken& cancel) {
  const CancelToken::Registration wake_us(cancel, [this] { changed_.notify_all(); });
  std::unique_lock lock(mutex_);
  const auto ended = [&] {
    const auto found = endpoints_.find(id);
    return found == endpoints_.end() ? 0 : found->second.checks;
  };
  std::uint64_t wanted = 1;
  if (const auto found = endpoints_.find(id); found != endpoints_.end()) {
    // What a check that runs already has asked may be from before this.
    wanted = found->second.checks + (found->second.checking ? 2 : 1);
    found->second.checks_wanted = std::max(found->second.checks_wanted, wanted);
    found->second.next_check = Clock::now();
  }
  woken_ = true;
  changed_.notify_all();
  const auto deadline = Clock::now() + validation_patience;
  while (ended() < wanted) {
    cancel.check();
    if (Clock::now() > deadline || stopping_) {
      throw SqlError(sqlstate::connection_failure,
                     "AWS did not tell the state of the endpoint in time");
    }
    // In pieces, because cancelling does not take this lock.
    changed_.wait_for(lock, 200ms);
  }
  const Endpoint endpoint = endpoints_.at(id);
  lock.unlock();
  if (endpoint.record.status == "available") {
    if (endpoint.trouble.empty()) return;
    throw SqlError(sqlstate::connection_failure,
                   fmt::format("cannot see the state of AWS PrivateLink connection \"{}\": {}",
                               name_of(coordinator_, id), endpoint.trouble));
  }
  throw not_available(sqlstate::object_not_in_prerequisite_state, name_of(coordinator_, id),
                      endpoint.record, endpoint.trouble);
}

void EndpointManager::load() {
  std::map<catalog::ItemId, std::string> records;
  catalog::CatalogPtr catalog;
  // A connection is published after its commit; until then its record looks like that of a dropped one.
  do {
    records.clear();
    for (auto& [key, value] :
         coordinator_.store().scan_records(storage::RecordSpace::intents, endpoint_record_prefix)) {
      if (const auto id = catalog::ItemId::parse(key.substr(endpoint_record_prefix.size())))
        records.emplace(*id, std::move(value));
    }
    const std::uint64_t version = coordinator_.store().catalog_version();
    catalog = coordinator_.catalog();
    if (catalog->version() >= version) break;
    std::this_thread::sleep_for(1ms);
  } while (!cancel_.cancelled());
  wanted_.clear();
  std::lock_guard lock(mutex_);
  for (const auto& [id, value] : records) {
    const bool wanted = catalog->find(id) != nullptr;
    if (wanted) wanted_.insert(id);
    const auto [known, fresh] = endpoints_.try_emplace(id);
    const bool altered = !fresh && known->second.stored != value;
    if (fresh || altered) {
      known->second.record = decode_endpoint(value);
      known->second.stored = value;
    }
    if (altered) {
      known->second.pause = {};
      known->second.unseen_since.reset();
    }
    if (fresh || altered ||
        (!wanted && known->second.record.status != "deleting" && !known->second.kept_for_drop)) {
      known->second.next_check = Clock::now();
    }
  }
}

void EndpointManager::run() {
  while (!cancel_.cancelled()) {
    {
      // Before looking: what changes from here on is looked at again.
      std::lock_guard lock(mutex_);
      woken_ = false;
    }
    try {
      load();
    } catch (const SqlError& error) {
      coordinator_.log("error", fmt::format("cannot read the records of PrivateLink endpoints: {}",
                                            error.message()));
    }
    std::vector<catalog::ItemId> due;
    {
      std::lock_guard lock(mutex_);
      for (const auto& [id, endpoint] : endpoints_) {
        if (endpoint.next_check <= Clock::now()) due.push_back(id);
      }
    }
    for (const catalog::ItemId id : due) {
      if (cancel_.cancelled()) return;
      check(id);
    }
    std::unique_lock lock(mutex_);
    auto next = Clock::now() + 1h;
    for (const auto& [id, endpoint] : endpoints_) next = std::min(next, endpoint.next_check);
    changed_.wait_until(lock, next, [&] { return woken_ || stopping_; });
  }
}

bool EndpointManager::must_wait_for_slot(catalog::ItemId id) {
  if (!coordinator_.intents().needs_endpoint(id)) return false;
  std::lock_guard lock(mutex_);
  auto& since = endpoints_.at(id).kept_for_drop;
  if (!since) since = Clock::now();
  return Clock::now() - *since < slot_patience;
}

void EndpointManager::check(catalog::ItemId id) {
  EndpointRecord record;
  auto unseen = EndpointWork::Unseen::may_appear;
  {
    std::lock_guard lock(mutex_);
    Endpoint& endpoint = endpoints_.at(id);
    endpoint.checking = true;
    record = endpoint.record;
    if (endpoint.unseen_since &&
        Clock::now() - *endpoint.unseen_since >= check_interval_ * shown_after) {
      unseen = EndpointWork::Unseen::is_not_there;
    }
  }
  const bool wanted = wanted_.contains(id);
  const auto ec2 = coordinator_.aws().ec2(record.region);
  EndpointWork work(
      ec2,
      [&](const EndpointRecord& changed, bool status_changed) {
        save(id, changed, status_changed);
      },
      cancel_);
  std::string trouble;
  bool looked = true;
  bool keeps_retired = true;
  try {
    keeps_retired = remove_retired(id, record);
  } catch (const SqlError& error) {
    if (cancel_.cancelled()) return;
    trouble = error.message();
  }
  try {
    if (wanted) {
      work.keep(record, unseen);
    } else if (must_wait_for_slot(id)) {
      looked = false;
    } else if (work.remove(record, unseen) && !keeps_retired) {
      forget(id, record);
      return;
    }
  } catch (const SqlError& error) {
    if (cancel_.cancelled()) return;
    trouble = error.message();
    looked = false;
  }
  std::lock_guard lock(mutex_);
  Endpoint& endpoint = endpoints_.at(id);
  if (!trouble.empty() && trouble != endpoint.trouble) {
    coordinator_.log(
        "warn", fmt::format("PrivateLink endpoint of connection {}: {}", id.to_string(), trouble));
  }
  if (looked && (work.seen() || !record.asked)) {
    endpoint.unseen_since.reset();
  } else if (looked && !endpoint.unseen_since) {
    endpoint.unseen_since = Clock::now();
  }
  endpoint.trouble = std::move(trouble);
  ++endpoint.checks;
  endpoint.checking = false;
  endpoint.next_check = Clock::now() + pause_after(endpoint);
  if (endpoint.checks < endpoint.checks_wanted) endpoint.next_check = Clock::now();
  changed_.notify_all();
}

// Settled endpoints are looked at now and then; others soon, and then less and less often.
EndpointManager::Clock::duration EndpointManager::pause_after(Endpoint& endpoint) const {
  const std::string& status = endpoint.record.status;
  const bool settled = endpoint.trouble.empty() && endpoint.record.retired.empty() &&
                       (status == "available" || status == "rejected" || status == "expired");
  if (settled) {
    endpoint.pause = Clock::duration(0);
    return check_interval_;
  }
  endpoint.pause = endpoint.pause.count() == 0 ? Clock::duration(first_pause) : endpoint.pause * 2;
  endpoint.pause = std::min(endpoint.pause, check_interval_);
  return endpoint.pause;
}

// Endpoints that others have taken the place of are deleted. True: some are still there.
bool EndpointManager::remove_retired(catalog::ItemId id, EndpointRecord& record) {
  std::vector<RetiredEndpoint> left;
  for (const RetiredEndpoint& retired : record.retired) {
    EndpointRecord old;
    old.token = retired.token;
    old.region = retired.region;
    old.endpoint_id = retired.endpoint_id;
    old.asked = true;
    auto unseen = EndpointWork::Unseen::may_appear;
    {
      std::lock_guard lock(mutex_);
      const auto& since = endpoints_.at(id).retired_unseen;
      const auto found = since.find(retired.token);
      if (found != since.end() && Clock::now() - found->second >= check_interval_ * shown_after)
        unseen = EndpointWork::Unseen::is_not_there;
    }
    const auto ec2 = coordinator_.aws().ec2(retired.region);
    // Its states are no part of the connection's history.
    EndpointWork work(
        ec2, [](const EndpointRecord&, bool) {}, cancel_);
    const bool is_gone = work.remove(old, unseen);
    std::lock_guard lock(mutex_);
    auto& since = endpoints_.at(id).retired_unseen;
    if (is_gone || work.seen()) {
      since.erase(retired.token);
    } else {
      since.try_emplace(retired.token, Clock::now());
    }
    if (!is_gone) left.push_back(retired);
  }
  if (left.size() == record.retired.size()) return !left.empty();
  record.retired = std::move(left);
  save(id, record, false);
  return !record.retired.empty();
}

void EndpointManager::save(catalog::ItemId id, const EndpointRecord& record, bool status_changed) {
  storage::CommitRequest request;
  request.records.push_back(put_endpoint(id, record));
  const std::string stored = *request.records.back().value;
  // What ALTER CONNECTION wrote meanwhile is not overwritten.
  {
    std::lock_guard lock(mutex_);
    storage::RecordChange before = request.records.back();
    before.value = endpoints_.at(id).stored;
    request.preconditions.records.push_back(std::move(before));
  }
  if (status_changed) {
    const auto& table =
        catalog::builtin_table("mz_internal", "mz_aws_privatelink_connection_status_history");
    catalog::BuiltinRows rows(table.columns);
    rows.add({{"occurred_at", Value(now_microseconds())},
              {"connection_id", catalog::id_text(id)},
              {"status", Value(record.status)}});
    storage::CollectionDelta delta;
    delta.collection = catalog::collection_of(table);
    delta.delta.rows.push_back(std::make_shared<const Batch>(rows.finish()));
    request.deltas.push_back(std::move(delta));
    history_.trim(request);
  }
  // Nothing may be asked of AWS that is not written down.
  const storage::CommitOutcome outcome = coordinator_.store().commit(std::move(request));
  if (outcome.error) throw *outcome.error;
  if (outcome.conflict) {
    wake();  // to read it
    throw SqlError(sqlstate::serialization_failure, "the connection has been altered meanwhile");
  }
  if (status_changed) {
    coordinator_.log("info", fmt::format("PrivateLink endpoint of connection {}: {}",
                                         id.to_string(), record.status));
  }
  std::lock_guard lock(mutex_);
  endpoints_.at(id).record = record;
  endpoints_.at(id).stored = stored;
}

void EndpointManager::forget(catalog::ItemId id, const EndpointRecord& record) {
  if (record.asked) {
    EndpointRecord gone = record;
    gone.status = "deleted";
    save(id, gone, true);
  }
  storage::CommitRequest request;
  request.records.push_back(remove_endpoint(id));
  if (const auto outcome = coordinator_.store().commit(std::move(request)); outcome.error) {
    coordinator_.log("error", fmt::format("cannot remove the record of a PrivateLink endpoint: {}",
                                          outcome.error->message()));
    return;
  }
  std::lock_guard lock(mutex_);
  endpoints_.erase(id);
}

}  // namespace tailrace::engine
