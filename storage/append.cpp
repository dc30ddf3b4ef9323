#include "storage/append.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "storage/byte_codec.hpp"
#include "storage/collection_record.hpp"
#include "storage/fault_point.hpp"
#include "storage/keys.hpp"
#include "storage/log_record.hpp"

namespace tailrace::storage {

namespace {

// Above, a delta is written once, as a part, instead of to the log and then to a part.
constexpr std::size_t log_bytes_max = 16 << 20;

std::size_t memory_bytes(const Delta& delta) {
  std::size_t bytes = 0;
  for (const auto& batch : delta.rows) bytes += batch->memory_bytes();
  for (const auto& batch : delta.errors) bytes += batch->memory_bytes();
  return bytes;
}

std::string encoded(const Collection& collection, Timestamp lower, Timestamp upper, Delta delta) {
  std::string entry;
  encode_log_entry({.kind = LogEntry::Kind::append,
                    .collection = collection.id(),
                    .delta = std::move(delta),
                    .lower = lower,
                    .upper = upper},
                   entry);
  return entry;
}

void append_to_log(StoreState& state, Collection& collection, Timestamp lower, Timestamp upper,
                   Delta& delta) {
  Log::Ticket ticket;
  std::vector<TailRunPtr> runs;
  if (!delta.empty()) {
    rocksdb::WriteBatch batch;
    // Not synced: after a power failure the upper is what the log still has, and the view goes on
    // from there.
    check(state.log->write(batch, encode_log_record(0, encoded(collection, lower, upper, delta)),
                           ticket),
          "append");
    fault_point("append_written");
    for (auto& rows : delta.rows)
      runs.push_back(make_tail_run(std::move(rows), false, ticket.sequence()));
    for (auto& errors : delta.errors) {
      runs.push_back(make_tail_run(std::move(errors), true, ticket.sequence()));
    }
  }
  collection.append(std::move(runs), nullptr, {}, upper);
}

PartPtr write_part(StoreState& state, const Collection& collection, bool errors,
                   const std::vector<BatchPtr>& batches) {
  if (batches.empty()) return nullptr;
  std::vector<Batch> all;
  for (const auto& batch : batches) all.push_back(*batch);
  const auto order = full_order_of(errors ? std::vector<int>() : collection.key(),
                                   collection.types(errors).size());
  const Batch sorted =
      consolidate_in_order(all.size() == 1 ? all.front() : concatenate(all), order, 0);
  if (sorted.rows == 0) return nullptr;
  std::vector<std::unique_ptr<PartFile>> files;
  files.push_back(state.parts->create(collection, errors, 0));
  files.front()->write(sorted);
  return state.parts->ingest(std::move(files)).front();
}

void append_as_part(StoreState& state, Collection& collection, Timestamp lower, Timestamp upper,
                    const Delta& delta) {
  std::vector<ManifestEntry> entries;
  for (const bool errors : {false, true}) {
    if (auto part = write_part(state, collection, errors, errors ? delta.errors : delta.rows)) {
      entries.push_back({std::move(part)});
    }
  }
  fault_point("append_part_written");
  std::lock_guard lock(state.manifest_mutex);
  collection.check_exists();
  Collection::Contents contents = collection.contents();
  Manifest manifest = *contents.manifest;
  manifest.entries.insert(manifest.entries.end(), entries.begin(), entries.end());
  contents.manifest = std::make_shared<const Manifest>(std::move(manifest));
  contents.upper = upper;

  std::string record = encoded(collection, lower, upper, {});
  for (const auto& entry : entries) {
    encode_log_entry({.kind = LogEntry::Kind::part,
                      .collection = collection.id(),
                      .part = entry.part->info().part,
                      .part_of_errors = entry.part->info().errors},
                     record);
  }
  rocksdb::WriteBatch batch;
  check(
      batch.Put(state.database->meta(), collection_key(collection.id()),
                encode_collection_record(collection.description(), collection.created(), contents)),
      "append");
  Log::Ticket ticket;
  check(state.log->write(batch, encode_log_record(0, record), ticket), "append");
  for (const auto& entry : entries) entry.part->set_unnamed(false);
  fault_point("append_written");
  collection.append({}, contents.manifest, entries, upper);
}

// Our own bug if not: a view that writes outside of its interval.
void check_times(const std::vector<BatchPtr>& batches, Timestamp lower, Timestamp upper) {
  for (const auto& batch : batches) {
    auto inside = [&](Timestamp time) { return time >= lower && time < upper; };
    const bool all = batch->times.is_uniform() ? inside(batch->times.uniform_value())
                                               : std::ranges::all_of(batch->times.values(), inside);
    ensure(all, "appended times lie between the uppers");
  }
}

}  // namespace

AppendOutcome append(StoreState& state, Collection& collection, Timestamp expected_upper,
                     Timestamp new_upper, Delta delta) {
  if (collection.kind() != CollectionKind::derived) {
    throw SqlError(sqlstate::wrong_object_type,
                   fmt::format("collection {} does not take appends", collection.id().value));
  }
  ensure(new_upper >= expected_upper, "an upper never goes back");
  check_times(delta.rows, expected_upper, new_upper);
  check_times(delta.errors, expected_upper, new_upper);
  std::lock_guard lock(collection.append_mutex);
  collection.check_exists();
  if (collection.upper() != expected_upper) return {.upper = collection.upper()};

  if (memory_bytes(delta) > log_bytes_max) {
    append_as_part(state, collection, expected_upper, new_upper, delta);
  } else {
    append_to_log(state, collection, expected_upper, new_upper, delta);
  }
  state.progress.notify();
  std::vector<ListenerQueuePtr> queues;
  collection.add_followers(queues);
  for (const auto& queue : queues) queue->progress();
  return {.appended = true, .upper = new_upper};
}

}  // namespace tailrace::storage
