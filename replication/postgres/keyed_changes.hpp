// Changes of one table whose old rows upstream does not send (REPLICA IDENTITY DEFAULT or USING INDEX), in order,
// until the rows that they change have been looked up in our own storage.
//
//   insert, update, remove ─▶ operations on keys ─▶ resolve: one look-up for all keys that were there before ─▶ the old
//   rows out, the last new ones in, nothing of what came and went in between
//
// A row that is an error (a value that the dialect cannot hold) is found by the key that the error names. What cannot
// be resolved (no such row, or several) is told, and the table must cease: it would show wrong rows. Not for several
// threads.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "replication/postgres/lsn.hpp"
#include "replication/postgres/row_decoder.hpp"

namespace tailrace::replication {

// The errors of a table whose rows are known, by their labels.
using ErrorsByLabel = std::map<std::string, DataError, std::less<>>;

// What a table has before the operations.
struct OldRows {
  // As Store::lookup: updates of rows with these keys, the key's number in front; their diffs sum up to the rows.
  std::function<Batch(const Batch& keys)> lookup;
  // `resolve` keeps them up to date.
  ErrorsByLabel& errors;
};

// One change. Rows of `keys` and `rows`; -1: none.
struct KeyedOperation {
  std::int32_t old_key = -1;  // whose row goes; none: insert
  std::int32_t new_key = -1;  // whose row comes; none: remove
  std::int32_t row = -1;
  // Into their lists.
  std::int32_t old_label = -1;  // of an old key that cannot be held
  std::int32_t new_label = -1;
  std::int32_t error = -1;      // the row that comes cannot be held
  std::int32_t unchanged = -1;  // columns that keep their value
  Lsn lsn = 0;
};

class KeyedChanges {
 public:
  explicit KeyedChanges(std::shared_ptr<const RowDecoder> decoder);

  // `old_key`: values of the key's columns, in its order. `unchanged`: columns whose value upstream did not send
  // because it stays what it was; they are NULL in `row`.
  void insert(std::span<const FieldValue> row, Lsn lsn);
  void update(std::span<const FieldValue> old_key, std::span<const FieldValue> row,
              const std::vector<int>& unchanged, Lsn lsn);
  void remove(std::span<const FieldValue> old_key, Lsn lsn);

  bool empty() const { return operations_.empty(); }
  std::size_t size() const { return operations_.size(); }
  std::size_t bytes() const { return bytes_; }
  // How many of the first change or remove no more than so many rows.
  std::size_t first_with_old_rows(std::size_t rows) const;
  Lsn last_lsn() const { return operations_.empty() ? 0 : operations_.back().lsn; }
  void clear();
  void drop_before(Lsn lsn);  // operations of transactions that committed below it

  struct Resolved {
    Delta delta;
    std::uint64_t updates = 0;
    std::optional<std::string> failure;  // then there is no delta
  };
  // Of the first `count` operations, which are taken out.
  Resolved resolve(std::size_t count, const OldRows& old_rows);

 private:
  std::int32_t add_key(std::span<const FieldValue> key, std::int32_t& label);
  void add_row(std::span<const FieldValue> row, const std::vector<int>& unchanged,
               KeyedOperation& operation);
  void drop_first(std::size_t count, const Batch& keys, const Batch& rows);

  std::shared_ptr<const RowDecoder> decoder_;
  std::vector<KeyedOperation> operations_;
  BatchBuilder keys_;
  BatchBuilder rows_;
  std::vector<std::string> labels_;
  std::vector<DataError> errors_;
  std::vector<std::vector<int>> unchanged_;
  std::size_t bytes_ = 0;
};

}  // namespace tailrace::replication
