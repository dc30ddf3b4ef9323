#include "engine/coordinator/read_time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "engine/coordinator/source_manager.hpp"

namespace tailrace::engine {

namespace {

// Waiting for what lags gives way to this many new choices when compaction overtakes one.
constexpr int attempts_max = 10;

bool created_here(SessionState& session, storage::CollectionId collection) {
  Transaction& open = session.transaction();
  return open.ddl && open.ddl->base().find(catalog::item_of(collection)) == nullptr;
}

std::string name_of(SessionState& session, storage::CollectionId collection) {
  const catalog::Item* item = session.catalog().find(catalog::item_of(collection));
  return item ? session.catalog().full_name(*item) : "a dropped relation";
}

// A view is waited for together with the dataflow that writes it: one that has stopped never gets there.
void wait_for_view(SessionState& session, const catalog::Item& view, Timestamp time) {
  constexpr auto longest_nap = std::chrono::milliseconds(2);
  Coordinator& coordinator = session.coordinator();
  const storage::CollectionId collection = catalog::collection_of(view.id);
  std::chrono::microseconds nap(50);
  while (coordinator.store().upper(collection) <= time) {
    session.cancel_token().check();
    const std::shared_ptr<Cluster> cluster = coordinator.cluster(view.cluster());
    const auto status = cluster ? cluster->status(collection) : std::nullopt;
    if (status && status->stopped) throw status->stopped->to_sql_error();
    std::this_thread::sleep_for(nap);
    nap = std::min<std::chrono::microseconds>(nap * 2, longest_nap);
  }
}

void wait_complete(SessionState& session, const ReadSet& reads, Timestamp time) {
  storage::Store& store = session.coordinator().store();
  for (const auto collection : reads.stored) {
    const catalog::Item* item = session.catalog().find(catalog::item_of(collection));
    if (item != nullptr && item->as<catalog::MaterializedView>() != nullptr) {
      wait_for_view(session, *item, time);
    } else {
      store.wait_complete(collection, time, session.cancel_token());
    }
  }
  for (const auto& [collection, index] : reads.indexed)
    index->wait_complete(time, session.cancel_token());
}

// The bounds within which all inputs can be read now.
struct Bounds {
  Timestamp since = 0;
  Timestamp last_complete = timestamp_max;
};

Bounds bounds_of(SessionState& session, const ReadSet& reads) {
  storage::Store& store = session.coordinator().store();
  Bounds bounds;
  const auto add = [&](Timestamp since, Timestamp upper) {
    bounds.since = std::max(bounds.since, since);
    bounds.last_complete = std::min(bounds.last_complete, upper == 0 ? 0 : upper - 1);
  };
  for (const auto collection : reads.stored) add(store.since(collection), store.upper(collection));
  for (const auto& [collection, index] : reads.indexed) add(index->since(), index->upper());
  return bounds;
}

// False: an index cannot be read at the time any more.
bool hold_indexes(const ReadSet& reads, ReadTime& chosen) {
  chosen.index_holds.clear();
  for (const auto& [collection, index] : reads.indexed) {
    std::shared_ptr<void> held = index->hold(chosen.time);
    if (!held) return false;
    chosen.index_holds.push_back(std::move(held));
  }
  return true;
}

ReadTime read_as_of(SessionState& session, const ReadSet& reads, Timestamp as_of, bool at_least) {
  ReadTime chosen;
  const Bounds bounds = bounds_of(session, reads);
  chosen.time = at_least ? std::max(as_of, bounds.since) : as_of;
  chosen.holds = session.coordinator().store().hold(reads.stored, chosen.time);
  for (const auto& hold : chosen.holds) {
    if (hold->time() <= chosen.time) continue;
    throw SqlError(sqlstate::invalid_parameter_value,
                   fmt::format("Timestamp ({}) is not valid for all inputs: [{} since {}]",
                               chosen.time, name_of(session, hold->collection()), hold->time()))
        .hint("History is kept for RETAIN HISTORY; give a later time.");
  }
  for (const auto& [collection, index] : reads.indexed) {
    chosen.index_holds.push_back(index->hold(chosen.time));
    if (chosen.index_holds.back()) continue;
    throw SqlError(sqlstate::invalid_parameter_value,
                   fmt::format("Timestamp ({}) is not valid for all inputs: [{} since {}]",
                               chosen.time, name_of(session, collection), index->since()));
  }
  wait_complete(session, reads, chosen.time);
  return chosen;
}

}  // namespace

void wait_readable(SessionState& session, const std::vector<catalog::ItemId>& reads) {
  std::set<catalog::ItemId> seen;
  const auto visit = [&](const auto& self, catalog::ItemId id) -> void {
    if (id.is_system() || !seen.insert(id).second) return;
    session.coordinator().sources().wait_readable(
        session.catalog(), id, session.cancel_token(),
        [&](std::string text) { session.notice_while_waiting(std::move(text)); });
    if (const catalog::Item* item = session.catalog().find(id)) {
      for (const catalog::ItemId used : item->uses) self(self, used);
    }
  };
  for (const catalog::ItemId id : reads) visit(visit, id);
}

ReadSet read_set(SessionState& session, const std::vector<catalog::ItemId>& reads) {
  wait_readable(session, reads);
  ReadSet set;
  std::shared_ptr<Cluster> cluster;
  for (const catalog::ItemId id : reads) {
    const catalog::Item& item = session.catalog().item(id);
    const storage::CollectionId collection = catalog::collection_of(id);
    if (item.is_stored()) {
      if (!created_here(session, collection)) set.stored.push_back(collection);
      continue;
    }
    if (!cluster) cluster = session.coordinator().cluster(session.active_cluster().id);
    for (const catalog::Item* index : session.catalog().indexes_on(id)) {
      auto reader = cluster ? cluster->index(catalog::collection_of(index->id)) : nullptr;
      if (reader) set.indexed[collection] = std::move(reader);
    }
    if (!set.indexed.contains(collection)) {
      throw SqlError(
          sqlstate::object_not_in_prerequisite_state,
          fmt::format("the index on {} is not there any more", session.catalog().full_name(item)))
          .hint("Try again.");
    }
  }
  return set;
}

ReadTime choose_read_time(SessionState& session, const ReadSet& reads,
                          std::optional<Timestamp> as_of, bool at_least) {
  if (as_of) return read_as_of(session, reads, *as_of, at_least);
  Coordinator& coordinator = session.coordinator();
  Transaction& open = session.transaction();
  ReadTime chosen;
  if (open.read_time) {
    chosen.time = *open.read_time;
    for (const auto collection : reads.stored) {
      if (coordinator.store().since(collection) > chosen.time) {
        throw SqlError(sqlstate::serialization_failure,
                       fmt::format("{} cannot be read at this transaction's time any more",
                                   name_of(session, collection)))
            .hint("It was created after the transaction began. Begin a new one.");
      }
    }
    wait_complete(session, reads, chosen.time);
    return chosen;
  }
  for (int attempt = 0;; ++attempt) {
    Timestamp latest = coordinator.store().latest_time();
    const Bounds bounds = bounds_of(session, reads);
    chosen.time = std::max(coordinator.oracle(), std::min(latest, bounds.last_complete));
    // A block may read anything later: it holds all there is.
    chosen.holds = coordinator.store().hold(
        open.is_explicit ? coordinator.store().collections() : reads.stored, chosen.time);
    const bool overtaken = std::any_of(chosen.holds.begin(), chosen.holds.end(),
                                       [&](const auto& hold) {
                                         return hold->time() > chosen.time &&
                                                std::find(reads.stored.begin(), reads.stored.end(),
                                                          hold->collection()) != reads.stored.end();
                                       }) ||
                           !hold_indexes(reads, chosen);
    if (overtaken && attempt < attempts_max) continue;
    wait_complete(session, reads, chosen.time);
    break;
  }
  coordinator.advance_oracle(chosen.time);
  if (open.is_explicit) {
    open.read_time = chosen.time;
    open.holds = std::move(chosen.holds);
    chosen.holds.clear();
  }
  return chosen;
}

Timestamp evaluate_time(SessionState& session, const ast::Expression& expression) {
  BindContext context = session.bind_context(Purpose::expression);
  const Value value =
      bind_constant(expression, context, TypeId::mz_timestamp, CastContext::explicit_);
  if (const auto* time = std::get_if<std::uint64_t>(&value)) return *time;
  throw SqlError(sqlstate::invalid_parameter_value,
                 "AS OF or UP TO should be castable to a (non-null) mz_timestamp value")
      .position(expression.position);
}

SessionInputs::SessionInputs(SessionState& session, const ReadSet& reads, Timestamp time) {
  storage::Store& store = session.coordinator().store();
  for (const auto collection : reads.stored)
    snapshots_[collection] = store.snapshot(collection, time);
  for (const auto& [collection, index] : reads.indexed)
    snapshots_[collection] = index->snapshot(time);
  // The transaction's own writes; also of tables that it created itself.
  for (const auto& [collection, batches] : session.transaction().writes) {
    storage::Snapshot& snapshot = snapshots_[collection];
    for (const BatchPtr& batch : batches) snapshot.rows.chunks.push_back(storage::chunk_of(batch));
  }
}

storage::Snapshot SessionInputs::snapshot(storage::CollectionId collection) {
  return snapshots_[collection];  // nothing known: a table created in this transaction, still empty
}

}  // namespace tailrace::engine
