// One ingested table in the replication stream: its changes, decoded and waiting for their commit.
//
// Under REPLICA IDENTITY FULL upstream sends old rows, and changes are rows that go and come. Under DEFAULT and USING
// INDEX it sends their keys: changes are kept by key and resolved against our own storage right before they are taken.
//
// Bounded: above `spill_bytes` rows go to a staged part. What is here belongs to transactions that
// are not yet handed to the store; all of it is dropped, and sent again by upstream, when the
// session ends.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "replication/postgres/config.hpp"
#include "replication/postgres/counters.hpp"
#include "replication/postgres/keyed_changes.hpp"
#include "replication/postgres/pgoutput.hpp"
#include "replication/postgres/row_buffer.hpp"
#include "storage/store.hpp"

namespace tailrace::replication {

// Of one open transaction in all its tables, and of each table whose snapshot is being taken.
inline constexpr std::size_t spill_bytes = 16 << 20;

class TableStream {
 public:
  enum class Phase : std::uint8_t {
    waiting,  // for a snapshot: changes will be in it
    copying,  // its snapshot is being taken: changes are kept back for it
    live,
    ceased  // for ever, by an error in the collection
  };

  TableStream(std::shared_ptr<const TableExport> table, std::shared_ptr<TableCounters> counters,
              storage::Store& store);

  const TableExport& table() const { return *table_; }
  const std::shared_ptr<const TableExport>& shared_table() const { return table_; }
  const std::shared_ptr<TableCounters>& counters() const { return counters_; }
  storage::CollectionId collection() const { return table_->collection; }
  Phase phase = Phase::waiting;
  std::uint64_t saved_updates = 0;  // of the counters, in the store's records
  // S: transactions that committed below it are in the snapshot. 0: not known yet.
  Lsn snapshot_lsn = 0;

  // Each gives why the table must cease, if it must.
  using Failure = std::optional<std::string>;
  // A description may be older than the table is here: it is judged once a change comes that
  // counts.
  void describe(const pgoutput::Relation& relation);
  bool is_described_compatibly() const { return !description_failure_; }
  // After it changes come in the other form, while there still are some of this one: they must be
  // spilled first.
  bool must_spill_before(const pgoutput::Relation& relation) const;
  Failure insert(const pgoutput::Insert& change, Lsn commit_lsn);
  Failure update(const pgoutput::Update& change, Lsn commit_lsn);
  Failure remove(const pgoutput::Delete& change, Lsn commit_lsn);
  void truncate(Lsn commit_lsn);

  // A snapshot begins: what comes from here on is kept back.
  void start_copying();
  // Its LSN has become known: what it contains is dropped. False: something later was dropped
  // already.
  bool start_at(Lsn snapshot_lsn);
  // Drops what was kept back, before the LSN is known: upstream still waits for the snapshot, which
  // will have it.
  void drop_kept_back();
  // Changes wait for the rows that they change. What was taken before must be visible, and `parts`
  // are those of the table's snapshot, if they are not yet.
  bool is_unresolved() const { return !by_key_.empty(); }
  Failure resolve(std::span<const storage::StagedPart> parts = {});
  Failure resolve_before_transaction();
  // The errors that the snapshot found, of a table whose changes come by key.
  void set_errors(ErrorsByLabel errors);
  // What is in memory goes to a staged part; nothing may be unresolved.
  void spill();
  bool takes_changes() const { return phase == Phase::copying || phase == Phase::live; }
  bool can_spill() const { return phase == Phase::live || snapshot_lsn != 0; }
  std::size_t bytes() const { return buffer_.bytes() + by_key_.bytes(); }

  // Where the open transaction begins, for take_before_transaction.
  void mark_transaction() {
    mark_ = buffer_.mark();
    by_key_mark_ = by_key_.size();
  }

  struct Changes {
    bool truncated = false;
    Delta delta;
    std::vector<storage::StagedPart> parts;
    std::uint64_t updates = 0;
    bool empty() const { return !truncated && delta.empty() && parts.empty(); }
  };
  Changes take();
  // What earlier transactions left. The open one must not have spilled.
  Changes take_before_transaction();
  bool has_spilled() const { return spill_ != nullptr || !spilled_.empty(); }
  bool empty() const { return buffer_.empty() && by_key_.empty() && !has_spilled() && !truncated_; }
  void clear();

 private:
  Failure fill(const pgoutput::Tuple& tuple, std::vector<FieldValue>& fields,
               const std::vector<FieldValue>* old_fields);
  Failure update_by_key(const pgoutput::Update& change, Lsn commit_lsn);
  Failure old_row_missing() const;
  std::vector<FieldValue> key_of(const std::vector<FieldValue>& fields) const;
  Failure resolve_first(std::size_t count, std::span<const storage::StagedPart> parts);
  Failure resolve_piece(std::size_t count, std::span<const storage::StagedPart> parts);
  void stage_resolved();
  void stage(const Delta& delta);
  Batch old_rows(const Batch& keys, std::span<const storage::StagedPart> parts);
  void load_errors();
  void finish_spill();

  std::shared_ptr<const TableExport> table_;
  std::shared_ptr<const RowDecoder> decoder_;
  std::shared_ptr<TableCounters> counters_;
  storage::Store& store_;
  bool described_ = false;
  Failure description_failure_;
  std::vector<int> column_of_;  // by position in the stream; -1: not ingested
  std::vector<FieldValue> old_fields_;
  std::vector<FieldValue> new_fields_;
  std::vector<int> unchanged_;  // of the last `fill`: columns that upstream did not send

  RowBuffer buffer_;
  RowBuffer::Mark mark_;
  bool sends_keys_ = false;  // upstream, instead of old rows
  KeyedChanges by_key_;
  std::size_t by_key_mark_ = 0;
  Delta resolved_;  // until it is taken
  std::uint64_t resolved_updates_ = 0;
  std::size_t old_row_bytes_ = 0;        // of one that was looked up; 0: none was
  std::optional<ErrorsByLabel> errors_;  // the table's, once asked for
  std::unique_ptr<storage::PartWriter> spill_;
  std::vector<storage::StagedPart> spilled_;
  std::uint64_t spilled_updates_ = 0;
  bool truncated_ = false;
  Lsn truncated_at_ = 0;
  Lsn dropped_lsn_ = 0;  // of the last change dropped by drop_kept_back
};

}  // namespace tailrace::replication
