// The rows that changes by key change: of the collection, of the table's snapshot, and of what the open transaction has
// spilled.
#include <utility>

#include "replication/postgres/table_stream.hpp"
#include "repr/order.hpp"
#include "storage/staged_lookup.hpp"

namespace tailrace::replication {

TableStream::Failure TableStream::resolve(std::span<const storage::StagedPart> parts) {
  return resolve_first(by_key_.size(), parts);
}

TableStream::Failure TableStream::resolve_before_transaction() {
  return resolve_first(std::exchange(by_key_mark_, 0), {});
}

TableStream::Failure TableStream::resolve_first(std::size_t count,
                                                std::span<const storage::StagedPart> parts) {
  if (count == 0) return std::nullopt;
  ensure(resolved_.empty(), "what was resolved is taken before more is resolved");
  if (!errors_) load_errors();
  KeyedChanges::Resolved resolved = by_key_.resolve(
      count,
      {.lookup = [&](const Batch& keys) { return old_rows(keys, parts); }, .errors = *errors_});
  if (resolved.failure) return std::move(resolved.failure);
  resolved_ = std::move(resolved.delta);
  resolved_updates_ = resolved.updates;
  return std::nullopt;
}

Batch TableStream::old_rows(const Batch& keys, std::span<const storage::StagedPart> parts) {
  std::vector<Batch> found;
  const auto in_parts = [&](std::span<const storage::StagedPart> staged) {
    if (staged.empty()) return;
    const auto description = store_.describe(collection());
    if (!description) throw SqlError(sqlstate::undefined_table, "the table was dropped");
    found.push_back(storage::lookup_staged(*description, staged, keys));
  };
  if (!truncated_) {
    if (phase == Phase::live) {
      found.push_back(store_.lookup(collection(), keys, store_.latest_time()));
    }
    in_parts(parts);
  }
  finish_spill();
  in_parts(spilled_);
  if (!found.empty()) return concatenate(found);
  std::vector<tailrace::Type> types{TypeId::int4};
  for (const tailrace::Type& type : table_->schema.types()) types.push_back(type);
  return empty_batch(types);
}

void TableStream::set_errors(ErrorsByLabel errors) {
  if (!errors_) errors_ = std::move(errors);
}

// Those of the collection: a table that is being copied has them from its snapshot.
void TableStream::load_errors() {
  errors_.emplace();
  if (phase != Phase::live || truncated_) return;
  const storage::Snapshot now = store_.snapshot(collection(), store_.latest_time());
  std::vector<Batch> chunks;
  const int columns[] = {0, 1, 2, 3};
  for (const storage::ChunkPtr& chunk : now.errors.chunks)
    chunks.push_back(chunk->read(columns).with_time(0));
  if (chunks.empty()) return;
  const Batch errors = consolidate(concatenate(chunks));
  for (std::size_t row = 0; row < errors.rows; ++row) {
    DataError error = error_at(errors, row);
    const std::string_view label = decoder_->label_of(error);
    if (!label.empty() && errors.diffs[row] > 0) errors_->emplace(label, std::move(error));
  }
}

}  // namespace tailrace::replication
