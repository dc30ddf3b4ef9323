#include "engine/coordinator/runtime_publisher.hpp"

#include <fmt/format.h>

#include <chrono>

#include "engine/coordinator/aws/egress_addresses.hpp"
#include "engine/coordinator/coordinator.hpp"
#include "engine/coordinator/source_manager.hpp"
#include "repr/order.hpp"

namespace tailrace::engine {

namespace {

constexpr auto period = std::chrono::seconds(1);

using catalog::builtin_table;
using catalog::BuiltinRows;
using catalog::id_text;

template <class T>
Value optional_value(const std::optional<T>& value) {
  return value ? Value(std::uint64_t(*value)) : Value(Null{});
}

// An estimate needs no more.
std::int64_t whole_seconds(std::int64_t microseconds) {
  return (microseconds + 999'999) / 1'000'000 * 1'000'000;
}

}  // namespace

RuntimePublisher::RuntimePublisher(Coordinator& coordinator) : coordinator_(coordinator) {}

RuntimePublisher::~RuntimePublisher() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void RuntimePublisher::start() {
  publish_egress_addresses();
  thread_ = std::thread([this] { run(); });
}

void RuntimePublisher::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    try {
      publish();
    } catch (const SqlError& error) {
      coordinator_.log("warn",
                       fmt::format("cannot publish runtime relations: {}", error.message()));
    }
    lock.lock();
    stopped_.wait_for(lock, period, [this] { return stopping_; });
  }
}

void RuntimePublisher::publish() {
  publish_statistics();
  publish_slots();
  publish_snapshots();
  publish_frontiers();
  publish_hydration();
}

void RuntimePublisher::publish_rows(const catalog::BuiltinTable& table, Batch rows) {
  Batch& before = published_[table.id];
  std::vector<Batch> difference;
  if (!rows.empty()) difference.push_back(rows);
  if (!before.empty()) difference.push_back(before.negated());
  before = std::move(rows);
  if (difference.empty()) return;
  Batch changed = consolidate(concatenate(difference));
  if (changed.empty()) return;
  Delta delta;
  delta.rows.push_back(std::make_shared<const Batch>(std::move(changed)));
  coordinator_.store().publish_volatile(catalog::collection_of(table), std::move(delta));
}

void RuntimePublisher::publish_statistics() {
  const auto& table = builtin_table("mz_internal", "mz_source_statistics_raw");
  BuiltinRows rows(table.columns);
  for (const auto& source : coordinator_.sources().statistics()) {
    const auto& values = source.values;
    const Value latency = values.rehydration_latency_ms
                              ? Value(Interval{0, 0, *values.rehydration_latency_ms * 1000})
                              : Value(Null{});
    rows.add({{"id", id_text(source.item)},
              {"replica_id", id_text(source.replica)},
              {"messages_received", Value(values.messages_received)},
              {"bytes_received", Value(values.bytes_received)},
              {"updates_staged", Value(values.updates_staged)},
              {"updates_committed", Value(values.updates_committed)},
              {"records_indexed", Value(values.records_indexed)},
              {"bytes_indexed", Value(values.bytes_indexed)},
              {"rehydration_latency", latency},
              {"snapshot_records_known", optional_value(values.snapshot_records_known)},
              {"snapshot_records_staged", optional_value(values.snapshot_records_staged)},
              {"snapshot_committed", Value(values.snapshot_committed)},
              {"offset_known", optional_value(values.offset_known)},
              {"offset_committed", optional_value(values.offset_committed)}});
  }
  publish_rows(table, rows.finish());
}

void RuntimePublisher::publish_slots() {
  const auto& table = builtin_table("mz_internal", "mz_postgres_source_slots");
  BuiltinRows rows(table.columns);
  for (const auto& [source, slot] : coordinator_.sources().slots()) {
    const auto text_or_null = [](const std::string& text) {
      return text.empty() ? Value(Null{}) : Value(text);
    };
    rows.add({{"id", id_text(source)},
              {"wal_status", text_or_null(slot.wal_status)},
              {"retained_bytes", Value(slot.retained_bytes)},
              {"safe_bytes", optional_value(slot.safe_bytes)},
              {"restart_lsn", Value(slot.restart_lsn)},
              {"confirmed_lsn", Value(slot.confirmed_lsn)},
              {"catalog_xmin_age", optional_value(slot.catalog_xmin_age)},
              {"held_by", text_or_null(slot.held_by)},
              {"last_commit_at", slot.last_commit_at ? Value(*slot.last_commit_at) : Value(Null{})},
              {"reported_at", Value(slot.reported_at)}});
  }
  publish_rows(table, rows.finish());
}

void RuntimePublisher::publish_snapshots() {
  const auto& table = builtin_table("mz_internal", "mz_postgres_source_snapshots");
  BuiltinRows rows(table.columns);
  for (const auto& [source, snapshot] : coordinator_.sources().snapshots()) {
    rows.add(
        {{"id", id_text(source)},
         {"tables", Value(std::uint64_t{snapshot.tables})},
         {"began_at", snapshot.began_at ? Value(*snapshot.began_at) : Value(Null{})},
         {"records_known", Value(snapshot.records_known)},
         {"records_staged", Value(snapshot.records_staged)},
         {"remaining", snapshot.remaining
                           ? Value(Interval{.microseconds = whole_seconds(*snapshot.remaining)})
                           : Value(Null{})}});
  }
  publish_rows(table, rows.finish());
}

void RuntimePublisher::publish_frontiers() {
  const auto& table = builtin_table("mz_internal", "mz_frontiers");
  BuiltinRows rows(table.columns);
  const catalog::CatalogPtr catalog = coordinator_.catalog();
  const auto add = [&](catalog::ItemId id, Timestamp since, Timestamp upper) {
    rows.add(
        {{"object_id", id_text(id)},
         {"read_frontier", Value(std::uint64_t{since})},
         {"write_frontier", upper == timestamp_max ? Value(Null{}) : Value(std::uint64_t{upper})}});
  };
  for (const auto& [id, item] : catalog->items()) {
    // Those of users only: a row per builtin relation and second would be noise that costs.
    if (id.is_system()) continue;
    if (item->is_stored()) {
      const storage::CollectionId collection = catalog::collection_of(id);
      if (!coordinator_.store().describe(collection)) continue;
      add(id, coordinator_.store().since(collection), coordinator_.store().upper(collection));
    } else if (item->as<catalog::Index>() != nullptr) {
      const auto cluster = coordinator_.cluster(item->cluster());
      const auto index = cluster ? cluster->index(catalog::collection_of(id)) : nullptr;
      if (index) add(id, index->since(), index->upper());
    }
  }
  publish_rows(table, rows.finish());
}

void RuntimePublisher::publish_hydration() {
  const auto& table = builtin_table("mz_internal", "mz_hydration_statuses");
  BuiltinRows rows(table.columns);
  const catalog::CatalogPtr catalog = coordinator_.catalog();
  for (const auto& [id, item] : catalog->items()) {
    if (!item->as<catalog::MaterializedView>() && !item->as<catalog::Index>()) continue;
    const catalog::Cluster* description = catalog->find(item->cluster());
    const auto cluster = coordinator_.cluster(item->cluster());
    const auto status = cluster ? cluster->status(catalog::collection_of(id)) : std::nullopt;
    const bool runs = description != nullptr && !description->replicas.empty();
    rows.add({{"object_id", id_text(id)},
              {"replica_id", runs ? id_text(description->replicas.front().id) : Value(Null{})},
              {"hydrated", Value(runs && status && status->hydrated)}});
  }
  for (const auto& source : coordinator_.sources().statistics()) {
    rows.add({{"object_id", id_text(source.item)},
              {"replica_id", id_text(source.replica)},
              {"hydrated", Value(source.values.snapshot_committed)}});
  }
  publish_rows(table, rows.finish());
}

void RuntimePublisher::publish_egress_addresses() {
  const auto& table = builtin_table("mz_catalog", "mz_egress_ips");
  BuiltinRows rows(table.columns);
  std::vector<EgressAddress> addresses;
  for (const std::string& announced : coordinator_.options().egress_addresses)
    addresses.push_back(parse_egress_address(announced));
  if (addresses.empty()) addresses = own_egress_addresses();
  for (const EgressAddress& address : addresses) {
    rows.add({{"egress_ip", Value(address.address)},
              {"prefix_length", Value(std::int32_t{address.prefix_length})},
              {"cidr", Value(address.cidr())}});
  }
  publish_rows(table, rows.finish());
}

std::vector<Environment::Metric> RuntimePublisher::metrics() const {
  std::vector<Environment::Metric> metrics;
  metrics.push_back({"tailrace_sessions", "Sessions that are open.", "",
                     static_cast<double>(coordinator_.session_count()), false});
  metrics.push_back({"tailrace_memory_bytes", "Bytes charged to the process's memory budget.", "",
                     static_cast<double>(coordinator_.memory().used_bytes()), false});
  metrics.push_back({"tailrace_disk_bytes", "Bytes of the store on disk.", "",
                     static_cast<double>(coordinator_.store().disk_bytes()), false});
  metrics.push_back({"tailrace_last_commit_time_ms", "The virtual time of the last commit or tick.",
                     "", static_cast<double>(coordinator_.store().latest_time()), false});
  for (const auto& source : coordinator_.sources().statistics()) {
    const std::string labels = fmt::format("{{source=\"{}\"}}", source.item.to_string());
    const auto add = [&](std::string_view name, std::string_view help, double value, bool counter) {
      metrics.push_back({std::string(name), std::string(help), labels, value, counter});
    };
    add("tailrace_source_messages_received_total", "Messages received from upstream.",
        static_cast<double>(source.values.messages_received), true);
    add("tailrace_source_bytes_received_total", "Bytes received from upstream.",
        static_cast<double>(source.values.bytes_received), true);
    add("tailrace_source_updates_committed_total", "Row changes made durable.",
        static_cast<double>(source.values.updates_committed), true);
    if (source.values.offset_known && source.values.offset_committed) {
      add("tailrace_source_lag_bytes", "Bytes of upstream's log that are not durable here yet.",
          static_cast<double>(*source.values.offset_known) -
              static_cast<double>(*source.values.offset_committed),
          false);
    }
  }
  return metrics;
}

}  // namespace tailrace::engine
