// The rows that changes by key change: of the collection, of the table's snapshot, and of what the open transaction has
// spilled.
#include <algorithm>
#include <utility>

#include "replication/postgres/table_stream.hpp"
#include "repr/order.hpp"
#include "storage/staged_lookup.hpp"

namespace tailrace::replication {

namespace {

// While it is not known how large a table's rows are, so many are looked up.
constexpr std::size_t unknown_rows_max = 64;

}  // namespace

TableStream::Failure TableStream::resolve(std::span<const storage::StagedPart> parts) {
  return resolve_first(by_key_.size(), parts);
}

TableStream::Failure TableStream::resolve_before_transaction() {
  return resolve_first(std::exchange(by_key_mark_, 0), {});
}

// A change by key may be much smaller than the row that it changes: of as many changes as have old rows that fit into
// memory, what came before goes to a staged part, where the next ones find it.
TableStream::Failure TableStream::resolve_first(std::size_t count,
                                                std::span<const storage::StagedPart> parts) {
  while (count > 0) {
    const std::size_t rows_max = old_row_bytes_ == 0
                                     ? unknown_rows_max
                                     : std::max<std::size_t>(1, spill_bytes / old_row_bytes_);
    const std::size_t piece = std::min(count, by_key_.first_with_old_rows(rows_max));
    if (auto failure = resolve_piece(piece, parts)) return failure;
    count -= piece;
    if (count > 0) stage_resolved();
  }
  return std::nullopt;
}

TableStream::Failure TableStream::resolve_piece(std::size_t count,
                                                std::span<const storage::StagedPart> parts) {
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
  if (!found.empty()) {
    Batch rows = concatenate(found);
    // The largest lately: rows of a table may differ much.
    if (rows.rows > 0)
      old_row_bytes_ = std::max(old_row_bytes_ / 2, rows.memory_bytes() / rows.rows + 1);
    return rows;
  }
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
