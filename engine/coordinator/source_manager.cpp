#include "engine/coordinator/source_manager.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "catalog/builtin/relation.hpp"
#include "catalog/source_details.hpp"
#include "engine/coordinator/clock.hpp"
#include "engine/coordinator/connection_config.hpp"
#include "engine/coordinator/coordinator.hpp"
#include "engine/coordinator/json_text.hpp"
#include "engine/coordinator/source_settings.hpp"
#include "engine/coordinator/source_tables.hpp"
#include "engine/coordinator/status_history.hpp"

namespace tailrace::engine {

namespace {

using catalog::Item;
using catalog::ItemId;
using catalog::Source;

const Source* postgres_source(const Item& item) {
  const auto* source = item.as<Source>();
  return source && source->kind == Source::Kind::postgres ? source : nullptr;
}

// The replica that runs a source: the first of its cluster. None: paused.
catalog::ReplicaId replica_of(const catalog::Catalog& catalog, const Item& item) {
  const catalog::Cluster* cluster = catalog.find(item.cluster());
  return cluster && !cluster->replicas.empty() ? cluster->replicas.front().id
                                               : catalog::ReplicaId();
}

bool depends_on(const catalog::Catalog& catalog, ItemId id, const std::vector<ItemId>& targets) {
  if (std::find(targets.begin(), targets.end(), id) != targets.end()) return true;
  const Item* item = catalog.find(id);
  return item != nullptr && std::any_of(item->uses.begin(), item->uses.end(), [&](ItemId used) {
           return depends_on(catalog, used, targets);
         });
}

}  // namespace

SourceManager::SourceManager(Coordinator& coordinator) : coordinator_(coordinator) {}

SourceManager::~SourceManager() {
  std::map<ItemId, Running> running;
  {
    std::lock_guard lock(mutex_);
    running.swap(running_);
  }
  running.clear();
  {
    std::lock_guard lock(status_mutex_);
    stopping_ = true;
  }
  status_changed_.notify_all();
  if (status_thread_.joinable()) status_thread_.join();
}

void SourceManager::start_recorded() {
  status_thread_ = std::thread([this] { write_statuses(); });
}

void SourceManager::apply(const catalog::Catalog& before, const catalog::Catalog& after) {
  for (const auto& [id, item] : before.items()) {
    if (postgres_source(*item) == nullptr) continue;
    const Item* now = after.find(id);
    const bool paused = now != nullptr && !replica_of(after, *now) && replica_of(before, *item);
    if (now == nullptr || paused) stop(id);
    if (paused) {
      record({id, replica_of(before, *item), "paused", "",
              "The replica running this source has been dropped", now_microseconds()});
    }
    // The history says so last.
    const catalog::ReplicaId replica = replica_of(before, *item);
    const auto dropped = [&](ItemId gone) {
      record({gone, replica, "dropped", "", "", now_microseconds()});
    };
    if (now == nullptr) dropped(id);
    for (const Item* table : tables_of_source(before, id)) {
      if (after.find(table->id) == nullptr) dropped(table->id);
    }
  }
  for (const auto& [id, item] : after.items()) {
    const Source* source = postgres_source(*item);
    if (source == nullptr) continue;
    std::shared_ptr<replication::PostgresSource> running;
    {
      std::lock_guard lock(mutex_);
      const auto found = running_.find(id);
      if (found != running_.end()) running = found->second.source;
    }
    if (!running) {
      if (replica_of(after, *item)) {
        start(after, *item);
      } else if (before.find(id) == nullptr) {
        record({id,
                {},
                "paused",
                "",
                "There is currently no replica running this source",
                now_microseconds()});
      }
      continue;
    }
    // Tables that came or went, and a changed connection.
    std::set<ItemId> wanted;
    for (const Item* table : tables_of_source(after, id)) wanted.insert(table->id);
    std::set<ItemId> known;
    {
      std::lock_guard lock(mutex_);
      known = running_[id].tables;
      running_[id].tables = wanted;
      running_[id].replica = replica_of(after, *item);
    }
    for (const ItemId table : known) {
      if (!wanted.contains(table)) running->remove_table(catalog::collection_of(table));
    }
    for (const ItemId table : wanted) {
      if (!known.contains(table)) running->add_table(export_of(after.item(table)));
    }
    if (connection_settings(before, source->connection) !=
        connection_settings(after, source->connection))
      running->connection_altered(true);
  }
}

void SourceManager::start(const catalog::Catalog& catalog, const Item& item) {
  const Source& source = *item.as<Source>();
  replication::SourceConfig config;
  try {
    for (const Item* table : tables_of_source(catalog, item.id))
      config.tables.push_back(export_of(*table));
    config.publication = catalog::decode_source_details(source.details).publication;
  } catch (const SqlError& error) {
    record({item.id, {}, "stalled", error.message(), error.hint(), now_microseconds()});
    coordinator_.log("error", fmt::format("cannot start source {}: {}", catalog.full_name(item),
                                          error.message()));
    return;
  }
  config.source_id = item.id.to_string();
  config.connection = [this, connection = source.connection] {
    const catalog::CatalogPtr now = coordinator_.catalog();
    const Item* found = now->find(connection);
    if (found == nullptr) throw SqlError(sqlstate::undefined_object, "the connection was dropped");
    return postgres_connection(coordinator_, *now, *found);
  };
  config.settings = [this] { return source_settings(*coordinator_.catalog()); };
  config.slot = source.replication_slot;
  config.timeline = source.timeline;
  config.progress = catalog::collection_of(fills_tables_only(item) ? item.id : source.progress);

  Running running;
  running.replica = replica_of(catalog, item);
  for (const auto& table : config.tables) running.tables.insert(catalog::item_of(table.collection));
  const ItemId id = item.id;
  const catalog::ReplicaId replica = running.replica;
  replication::SourceOptions options{
      .store = coordinator_.store(),
      .memory = &coordinator_.memory(),
      .on_status =
          [this, id, replica](const replication::SourceStatusChange& change) {
            record({change.table ? catalog::item_of(*change.table) : id, replica,
                    std::string(replication::to_string(change.state)), change.error, change.hint,
                    now_microseconds()});
          },
      .log = [this](std::string_view message) { coordinator_.log("info", message); }};
  running.source = replication::PostgresSource::start(std::move(config), std::move(options));
  {
    std::lock_guard lock(mutex_);
    running_[id] = std::move(running);
  }
  sources_changed_.notify_all();
}

void SourceManager::stop(ItemId id) {
  std::shared_ptr<replication::PostgresSource> source;
  {
    std::lock_guard lock(mutex_);
    const auto found = running_.find(id);
    if (found == running_.end()) return;
    source = std::move(found->second.source);
    running_.erase(found);
  }
  // Who waits for a table of it keeps it alive until told.
  source->stop();
  sources_changed_.notify_all();
}

void SourceManager::secrets_altered(const catalog::Catalog& catalog,
                                    const std::vector<ItemId>& secrets) {
  std::vector<std::pair<ItemId, std::shared_ptr<replication::PostgresSource>>> running;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, entry] : running_) running.emplace_back(id, entry.source);
  }
  for (const auto& [id, source] : running) {
    if (depends_on(catalog, id, secrets)) source->connection_altered(false);
  }
}

std::vector<SourceManager::Statistics> SourceManager::statistics() const {
  std::vector<std::pair<ItemId, Running>> running;
  {
    std::lock_guard lock(mutex_);
    running.assign(running_.begin(), running_.end());
  }
  std::vector<Statistics> all;
  for (const auto& [id, source] : running) {
    for (auto& values : source.source->statistics()) {
      const ItemId item = values.collection.value == 0 ? id : catalog::item_of(values.collection);
      all.push_back({item, source.replica, std::move(values)});
    }
  }
  return all;
}

std::vector<std::pair<ItemId, replication::SlotReport>> SourceManager::slots() const {
  std::vector<std::pair<ItemId, replication::SlotReport>> all;
  std::lock_guard lock(mutex_);
  for (const auto& [id, running] : running_) {
    if (auto slot = running.source->slot()) all.emplace_back(id, std::move(*slot));
  }
  return all;
}

std::vector<std::pair<ItemId, replication::SnapshotProgress>> SourceManager::snapshots() const {
  std::vector<std::pair<ItemId, replication::SnapshotProgress>> all;
  std::lock_guard lock(mutex_);
  for (const auto& [id, running] : running_) {
    if (const auto progress = running.source->snapshot()) all.emplace_back(id, *progress);
  }
  return all;
}

void SourceManager::wait_recent(const std::vector<ItemId>& sources, CancelToken& cancel) {
  for (const ItemId id : sources) {
    std::shared_ptr<replication::PostgresSource> source;
    {
      std::lock_guard lock(mutex_);
      const auto found = running_.find(id);
      if (found != running_.end()) source = found->second.source;
    }
    if (source) source->wait_recent(cancel);
  }
}

void SourceManager::wait_readable(const catalog::Catalog& catalog, ItemId table,
                                  CancelToken& cancel, const SnapshotWait::Tell& tell) {
  const Item* item = catalog.find(table);
  if (item == nullptr) return;
  ItemId parent;
  if (const auto* source = item->as<Source>(); source && source->kind == Source::Kind::subsource) {
    parent = source->parent;
  }
  if (const auto* filled = item->as<catalog::Table>()) parent = filled->source;
  if (!parent) return;
  const storage::CollectionId collection = catalog::collection_of(table);
  // A source whose cluster has no replica does not run: what its table shows then stands in the store.
  const CancelToken::Registration wake_up(cancel, [this] { sources_changed_.notify_all(); });
  SnapshotWait wait(tell);
  for (;;) {
    cancel.check();
    std::shared_ptr<replication::PostgresSource> source;
    bool is_behind = false;
    {
      std::unique_lock lock(mutex_);
      if (readable_.contains(table)) return;
      const auto found = running_.find(parent);
      if (found != running_.end()) source = found->second.source;
      if (!source &&
          !replication::is_readable(coordinator_.store(), parent.to_string(), collection)) {
        require_not_dropped(table);
        // The waker must not take our lock, so a notification may fall between the check and the wait.
        sources_changed_.wait_for(lock, std::chrono::milliseconds(100));
        is_behind = true;
      }
    }
    if (source) is_behind = !source->wait_readable(collection, wait.next(), cancel);
    if (is_behind) {
      wait.tell(item->name, catalog.item(parent).name, source.get());
      continue;
    }
    std::lock_guard lock(mutex_);
    readable_.insert(table);
    return;
  }
}

void SourceManager::require_not_dropped(ItemId table) const {
  if (coordinator_.catalog()->find(table) != nullptr) return;
  throw SqlError(sqlstate::undefined_table,
                 "the table was dropped, or the transaction that creates it has not committed");
}

void SourceManager::record(Status status) {
  std::lock_guard lock(status_mutex_);
  statuses_.push_back(std::move(status));
  status_changed_.notify_all();
}

void SourceManager::write_statuses() {
  const catalog::BuiltinTable& table =
      catalog::builtin_table("mz_internal", "mz_source_status_history");
  StatusHistory history(coordinator_.store(), table, "source_id");
  for (;;) {
    std::deque<Status> batch;
    {
      std::unique_lock lock(status_mutex_);
      status_changed_.wait(lock, [this] { return !statuses_.empty() || stopping_; });
      if (statuses_.empty()) return;
      batch.swap(statuses_);
    }
    catalog::BuiltinRows rows(table.columns);
    for (const Status& status : batch) {
      const auto optional_text = [](const std::string& text) {
        return text.empty() ? Value(Null{}) : Value(text);
      };
      const Value details = status.hint.empty()
                                ? Value(Null{})
                                : Value("{\"hints\":[" + json_string(status.hint) + "]}");
      rows.add({{"occurred_at", Value(status.occurred_at)},
                {"source_id", catalog::id_text(status.item)},
                {"status", Value(status.status)},
                {"error", optional_text(status.error)},
                {"details", details},
                {"replica_id", catalog::id_text(status.replica)}});
    }
    storage::CommitRequest request;
    storage::CollectionDelta delta;
    delta.collection = catalog::collection_of(table);
    delta.delta.rows.push_back(std::make_shared<const Batch>(rows.finish()));
    request.deltas.push_back(std::move(delta));
    history.trim(request);
    if (const auto outcome = coordinator_.store().commit(std::move(request)); outcome.error) {
      coordinator_.log(
          "error", fmt::format("cannot record a source's status: {}", outcome.error->message()));
    }
  }
}

}  // namespace tailrace::engine
