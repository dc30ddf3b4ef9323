// One connected session of a running source: from finding the slot to the end of its stream.
//
// Everything in here is derived from the store and thrown away with the session: transactions that
// were not handed to the store come again from upstream, snapshots that were not committed are
// taken again.
//
//   upstream ─▶ TableStream per table ─▶ group of whole transactions ─▶ Store::commit_async, one
//   position after the other; while a commit is on its way the next transactions gather in one
//   group.
//
// A table whose snapshot is being taken beside the stream keeps its changes back
// (TableStream::Phase::copying). It becomes visible in one commit, rows and later changes, once the
// stream has passed the snapshot's LSN: then it stands where all others stand.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "replication/postgres/commit_pipeline.hpp"
#include "replication/postgres/gathering.hpp"
#include "replication/postgres/pgoutput.hpp"
#include "replication/postgres/replication_stream.hpp"
#include "replication/postgres/shared_state.hpp"
#include "replication/postgres/snapshot.hpp"
#include "replication/postgres/table_stream.hpp"

namespace tailrace::replication {

// What no reconnection can heal, for any table of the source: slot lost, other timeline,
// publication dropped.
class SourceLost : public SqlError {
 public:
  explicit SourceLost(std::string message)
      : SqlError(sqlstate::object_not_in_prerequisite_state, std::move(message)) {}
};

// The session must begin anew, at once and without a word to the user.
class SessionRestart : public std::exception {};

class Session {
 public:
  Session(SharedState& shared, CancelToken& cancel);
  ~Session();

  // Ends by exception only: what the upstream or the store said, SourceLost, or what `cancel` says.
  void run();

 private:
  using Clock = std::chrono::steady_clock;

  // session_start.cpp
  void open();
  Lsn check_system(Connection& connection);  // the end of upstream's log
  void check_has_what_was_read(Connection& connection, Lsn log_end) const;
  bool was_read_beyond(Lsn log_end) const;
  Lsn find_slot(Connection& connection, Lsn log_end);
  void start_stream(std::unique_ptr<Connection> connection);
  bool streams_in_binary() const;
  bool has_live_tables() const;

  // session.cpp
  void check_alive();
  void give_back_memory_if_due();
  void read_messages();
  void handle(std::string_view message);
  void begin(const pgoutput::Begin& begin);
  void end(const pgoutput::Commit& commit);
  void describe(const pgoutput::Relation& relation);
  void truncate(const pgoutput::Truncate& truncate);
  template <class Change, class Apply>
  void change(const Change& change, Apply apply);
  const std::vector<TableStream*>& tables_of(Oid oid);
  void spill_transaction();
  void spill_copied(TableStream& table);
  bool group_is_due() const;
  bool waits_for_snapshot() const;
  bool waits() const { return waits_for_snapshot() || shared_.inquiries.waits(); }
  void cease(TableStream& table, std::string why);
  void wait();

  // session_commit.cpp
  void flush();                     // every whole transaction
  void flush_before_transaction();  // all but the open one
  bool any_unresolved() const;
  using Resolve = TableStream::Failure (*)(TableStream&);
  void resolve_touched(Resolve resolve);
  void flush_position_if_due();
  void add_changes(storage::CommitRequest& request, TableStream& table,
                   TableStream::Changes changes, CommitPipeline::Counts& counts);
  void add_ceased(storage::CommitRequest& request);
  void add_totals(storage::CommitRequest& request);
  void submit(storage::CommitRequest request, CommitPipeline::Counts counts, std::size_t bytes);
  void take_outcomes();
  void wait_durable();  // until everything submitted is in the store
  void update_visible();

  // session_tables.cpp
  void take_tables();
  void start_snapshot_if_due();
  void take_snapshot_news();
  void give_back_rewritten();
  void finish_snapshot_if_due();
  void take_findings();
  void take_answers();
  void report_running();

  SharedState& shared_;
  CancelToken& cancel_;
  std::unique_ptr<ReplicationStream> stream_;
  bool binary_ = false;  // values come in binary where upstream can
  CommitPipeline pipeline_;

  std::map<storage::CollectionId, std::unique_ptr<TableStream>> tables_;
  std::uint64_t tables_version_ = 0;
  std::unordered_map<Oid, std::vector<TableStream*>> by_oid_;
  // The last description of each table, as it came: upstream does not send it again for one that is added here later.
  std::unordered_map<Oid, std::string> descriptions_;
  Oid last_oid_ = 0;
  const std::vector<TableStream*>* last_tables_ = nullptr;

  // The transaction that is being read.
  bool in_transaction_ = false;
  bool skips_transaction_ = false;  // it is in the store already
  Lsn commit_lsn_ = 0;
  std::int64_t commit_time_ = 0;  // in upstream's microseconds since 2000-01-01
  std::uint32_t xid_ = 0;
  std::size_t transaction_bytes_ = 0;
  std::size_t largest_message_ = 0;
  std::size_t unspilled_bytes_ = 0;

  // Whole transactions that wait for a commit of ours.
  std::vector<TableStream*> touched_;  // live tables with changes, the open transaction's too
  std::vector<std::pair<TableStream*, std::string>>
      ceased_;  // by the open transaction, or just now
  Gathering gathering_;
  std::size_t group_transactions_ = 0;
  Clock::time_point group_began_;
  std::optional<Clock::time_point> nothing_since_;  // no message has come
  std::size_t group_bytes_ = 0;
  bool group_is_large_ = false;

  Lsn start_ = 0;     // transactions that committed below it are in the store already
  Lsn position_ = 0;  // everything that ends at or below it was read
  std::int64_t position_commit_time_ = 0;  // of the newest of that; 0: nothing was read yet
  std::optional<std::uint64_t> progress_row_;
  Clock::time_point next_position_commit_;
  std::vector<Finding> findings_;

  // The snapshot that is being taken beside the stream.
  struct SnapshotNews {
    std::mutex mutex;
    Lsn lsn = 0;
    std::optional<SnapshotOutcome> outcome;
    std::exception_ptr failure;
  };
  std::unique_ptr<SnapshotNews> news_;
  std::vector<TableStream*> copied_tables_;
  std::optional<SnapshotOutcome> snapshot_;
  const SnapshotOutcome::Table* copied(const TableStream& table) const;
  std::unique_ptr<CancelToken> snapshot_cancel_;
  std::jthread snapshot_thread_;
  Clock::time_point next_snapshot_;
};

}  // namespace tailrace::replication
