#include "replication/postgres/keyed_changes.hpp"

#include <algorithm>
#include <utility>

#include "replication/postgres/key_resolution.hpp"

namespace tailrace::replication {
namespace {

// What an operation costs beyond its values.
constexpr std::size_t operation_bytes = sizeof(KeyedOperation) + 32;

template <class T>
std::int32_t append(std::vector<T>& list, T value) {
  list.push_back(std::move(value));
  return static_cast<std::int32_t>(list.size() - 1);
}

}  // namespace

KeyedChanges::KeyedChanges(std::shared_ptr<const RowDecoder> decoder)
    : decoder_(std::move(decoder)),
      keys_(decoder_->key_types()),
      rows_(decoder_->table().schema.types()) {}

std::int32_t KeyedChanges::add_key(std::span<const FieldValue> key, std::int32_t& label) {
  if (decoder_->append_key(key, keys_)) label = append(labels_, decoder_->key_label(key));
  keys_.end_row(0, 1);
  for (const FieldValue& field : key) bytes_ += field.bytes.size();
  return static_cast<std::int32_t>(keys_.size() - 1);
}

void KeyedChanges::add_row(std::span<const FieldValue> row, const std::vector<int>& unchanged,
                           KeyedOperation& operation) {
  std::vector<FieldValue> key;
  for (const int column : decoder_->table().key)
    key.push_back(row[static_cast<std::size_t>(column)]);
  operation.new_key = add_key(key, operation.new_label);
  if (auto error = decoder_->append(row, rows_, unchanged)) {
    operation.error = append(errors_, std::move(*error));
  }
  rows_.end_row(0, 1);
  operation.row = static_cast<std::int32_t>(rows_.size() - 1);
  if (!unchanged.empty()) operation.unchanged = append(unchanged_, unchanged);
  for (const FieldValue& field : row) bytes_ += field.bytes.size();
}

void KeyedChanges::insert(std::span<const FieldValue> row, Lsn lsn) {
  KeyedOperation operation{.lsn = lsn};
  add_row(row, {}, operation);
  operations_.push_back(operation);
  bytes_ += operation_bytes;
}

void KeyedChanges::update(std::span<const FieldValue> old_key, std::span<const FieldValue> row,
                          const std::vector<int>& unchanged, Lsn lsn) {
  KeyedOperation operation{.lsn = lsn};
  operation.old_key = add_key(old_key, operation.old_label);
  add_row(row, unchanged, operation);
  operations_.push_back(operation);
  bytes_ += operation_bytes;
}

void KeyedChanges::remove(std::span<const FieldValue> old_key, Lsn lsn) {
  KeyedOperation operation{.lsn = lsn};
  operation.old_key = add_key(old_key, operation.old_label);
  operations_.push_back(operation);
  bytes_ += operation_bytes;
}

std::size_t KeyedChanges::first_with_old_rows(std::size_t rows) const {
  const auto end = std::ranges::find_if(operations_, [&](const KeyedOperation& operation) {
    return operation.old_key >= 0 && rows-- == 0;
  });
  return static_cast<std::size_t>(end - operations_.begin());
}

void KeyedChanges::clear() {
  operations_.clear();
  keys_.finish();
  rows_.finish();
  labels_.clear();
  errors_.clear();
  unchanged_.clear();
  bytes_ = 0;
}

void KeyedChanges::drop_before(Lsn lsn) {
  // Commits are ordered, so what goes stands in front.
  const auto first = std::ranges::find_if(
      operations_, [&](const KeyedOperation& operation) { return operation.lsn >= lsn; });
  const Batch keys = keys_.finish();
  const Batch rows = rows_.finish();
  drop_first(static_cast<std::size_t>(first - operations_.begin()), keys, rows);
}

// The rest becomes all there is.
void KeyedChanges::drop_first(std::size_t count, const Batch& keys, const Batch& rows) {
  std::vector<KeyedOperation> rest(operations_.begin() + static_cast<std::ptrdiff_t>(count),
                                   operations_.end());
  std::vector<std::string> labels = std::exchange(labels_, {});
  std::vector<DataError> errors = std::exchange(errors_, {});
  std::vector<std::vector<int>> unchanged = std::exchange(unchanged_, {});
  operations_.clear();
  bytes_ = 0;
  const auto move_key = [&](std::int32_t& key, std::int32_t& label) {
    if (key < 0) return;
    keys_.append_from(keys, static_cast<std::size_t>(key));
    key = static_cast<std::int32_t>(keys_.size() - 1);
    if (label >= 0) label = append(labels_, std::move(labels[static_cast<std::size_t>(label)]));
  };
  for (KeyedOperation& operation : rest) {
    move_key(operation.old_key, operation.old_label);
    move_key(operation.new_key, operation.new_label);
    if (operation.row >= 0) {
      rows_.append_from(rows, static_cast<std::size_t>(operation.row));
      operation.row = static_cast<std::int32_t>(rows_.size() - 1);
    }
    if (operation.error >= 0) {
      operation.error =
          append(errors_, std::move(errors[static_cast<std::size_t>(operation.error)]));
    }
    if (operation.unchanged >= 0) {
      operation.unchanged =
          append(unchanged_, std::move(unchanged[static_cast<std::size_t>(operation.unchanged)]));
    }
    operations_.push_back(operation);
    bytes_ += operation_bytes;
  }
  if (!rest.empty()) bytes_ += keys_.memory_bytes() + rows_.memory_bytes();
}

KeyedChanges::Resolved KeyedChanges::resolve(std::size_t count, const OldRows& old_rows) {
  const Batch keys = keys_.finish();
  const Batch rows = rows_.finish();
  Resolved resolved = resolve_keys({.decoder = *decoder_,
                                    .operations = std::span(operations_).first(count),
                                    .keys = keys,
                                    .rows = rows,
                                    .labels = labels_,
                                    .errors = errors_,
                                    .unchanged = unchanged_},
                                   old_rows);
  drop_first(count, keys, rows);
  return resolved;
}

}  // namespace tailrace::replication
