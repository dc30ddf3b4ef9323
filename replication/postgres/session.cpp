#include "replication/postgres/session.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "replication/postgres/upstream_catalog.hpp"
#include "repr/overloaded.hpp"

namespace tailrace::replication {

using std::chrono::microseconds;

namespace {

// Between two looks at anything but the stream.
constexpr int messages_per_round = 1024;
// A group is handed over while another commit is on its way once it has so much.
constexpr std::size_t group_bytes_max = 2 << 20;
// While we seem to be behind: when so long nothing came, there is nothing more to gather.
constexpr std::chrono::milliseconds gathering_pause_max(40);
// The same where old rows are looked up first.
constexpr std::size_t unresolved_group_bytes_max = 16 << 20;
// An open transaction above it does not hold back those that came before it.
constexpr std::size_t large_transaction_bytes = 1 << 20;
// The connection keeps the memory that its largest message took: above it, it is replaced.
constexpr std::size_t kept_message_bytes_max = 64 << 20;
// Of the limit of all memory: above it nothing more is read while commits are on their way.
constexpr double memory_pressure_max = 0.95;

}  // namespace

Session::Session(SharedState& shared, CancelToken& cancel)
    : shared_(shared),
      cancel_(cancel),
      pipeline_(shared.store, shared.positions.lsn_key(), shared.wake) {}

Session::~Session() {
  shared_.stream_pid = 0;
  shared_.opening_pid = 0;
  shared_.counters.snapshot_began_at = 0;
  if (snapshot_cancel_) {
    snapshot_cancel_->cancel(
        SqlError(sqlstate::query_canceled, "the session of the source has ended"));
  }
}

void Session::run() {
  open();
  report_running();
  while (true) {
    cancel_.check();
    check_alive();
    shared_.wake.clear();
    take_outcomes();
    take_findings();
    take_answers();
    take_snapshot_news();
    if (!in_transaction_) {
      if (shared_.tables_version() != tables_version_) take_tables();
      start_snapshot_if_due();
      finish_snapshot_if_due();
      if (group_is_due()) flush();
      flush_position_if_due();
      give_back_memory_if_due();
    }
    update_visible();
    stream_->confirm(pipeline_.durable());
    read_messages();
  }
}

void Session::give_back_memory_if_due() {
  if (largest_message_ < kept_message_bytes_max || news_ || snapshot_) return;
  if (group_transactions_ > 0 || pipeline_.in_flight() > 0) return;
  if (position_ != pipeline_.submitted()) return submit({}, {}, 0);  // or it comes again
  throw SessionRestart();
}

// Throws if the stream's connection is dead although nobody has told us.
void Session::check_alive() {
  if (shared_.ended_stream_pid == stream_->backend_pid()) {
    shared_.ended_stream_pid = 0;
    throw UpstreamError(sqlstate::connection_failure, "",
                        "connection closed: upstream has ended the stream");
  }
  const std::chrono::seconds silence_max = shared_.silence_max;
  const auto silence = stream_->silence();
  if (silence < silence_max) return;
  // A server that is busy with a transaction of others may be silent for long: believe the next one longer.
  shared_.silence_max = std::min(silence_max * 2, silence_max_max);
  throw UpstreamError(sqlstate::connection_failure, "",
                      fmt::format("connection closed: silent for {} s", silence_max.count()));
}

void Session::read_messages() {
  const bool memory_is_short = shared_.memory != nullptr && pipeline_.in_flight() > 0 &&
                               shared_.memory->pressure() > memory_pressure_max;
  if (pipeline_.is_full() || memory_is_short || waits()) {
    stream_->wait_for(stream_->until_confirm(), shared_.wake.fd());
    return;
  }
  for (int i = 0; i < messages_per_round; ++i) {
    const ReplicationStream::Event event = stream_->read();
    if (const auto* data = std::get_if<ReplicationStream::Data>(&event)) {
      nothing_since_.reset();
      handle(data->message);
      if (in_transaction_ && !skips_transaction_ && unspilled_bytes_ >= spill_bytes) {
        stream_->release_message();
        spill_transaction();
      }
    } else if (const auto* keepalive = std::get_if<ReplicationStream::Keepalive>(&event)) {
      shared_.counters.offset_known.raise_to(keepalive->sent_up_to);
      if (!in_transaction_) position_ = std::max(position_, keepalive->sent_up_to);
    } else {
      if (i > 0) return;
      if (!nothing_since_) nothing_since_ = Clock::now();
      // What gathered goes out before we sleep, if nothing is on its way that would wake us.
      if (in_transaction_ || !group_is_due()) wait();
      return;
    }
    if (pipeline_.is_full() || waits()) return;
  }
}

// The group goes out now: nothing is on its way that would wake us for it, and there is no use in more.
bool Session::group_is_due() const {
  if (group_transactions_ == 0 || pipeline_.in_flight() > 0) return false;
  if (nothing_since_ && Clock::now() - *nothing_since_ >= gathering_pause_max) return true;
  return !stream_->is_behind() || group_bytes_ >= gathering_.bytes_max() ||
         Clock::now() - group_began_ >= gathering_.time_max();
}

// Changes by key that a table keeps back cannot be staged before its snapshot is there.
bool Session::waits_for_snapshot() const {
  return news_ && std::ranges::any_of(copied_tables_, [](const TableStream* table) {
           return table->is_unresolved() && table->can_spill() && table->bytes() >= spill_bytes;
         });
}

void Session::wait() {
  const auto until_position =
      std::chrono::duration_cast<microseconds>(next_position_commit_ - Clock::now());
  auto timeout = stream_->until_confirm();
  if (position_ != pipeline_.submitted() && !in_transaction_) {
    timeout = std::min(timeout, std::max(until_position, microseconds(1000)));
  }
  if (group_transactions_ > 0 && !in_transaction_) {
    const auto left = group_began_ + gathering_.time_max() - Clock::now();
    timeout = std::min(
        timeout, std::max(std::chrono::duration_cast<microseconds>(left), microseconds(1000)));
  }
  stream_->wait(timeout, shared_.wake.fd());
}

void Session::handle(std::string_view message) {
  shared_.silence_max = silence_max_min;
  ++shared_.counters.messages_received;
  shared_.counters.bytes_received += message.size();
  largest_message_ = std::max(largest_message_, message.size());
  transaction_bytes_ += message.size();
  unspilled_bytes_ += message.size();
  const auto reject_outside = [this] {
    if (!in_transaction_) {
      throw SqlError(sqlstate::protocol_violation, "upstream sent a change outside a transaction");
    }
  };
  const pgoutput::Message decoded = pgoutput::decode(message);
  std::visit(
      Overloaded{
          [&](const pgoutput::Insert& insert) {
            reject_outside();
            change(insert, [&](TableStream& table) { return table.insert(insert, commit_lsn_); });
          },
          [&](const pgoutput::Update& update) {
            reject_outside();
            change(update, [&](TableStream& table) { return table.update(update, commit_lsn_); });
          },
          [&](const pgoutput::Delete& deletion) {
            reject_outside();
            change(deletion,
                   [&](TableStream& table) { return table.remove(deletion, commit_lsn_); });
          },
          [&](const pgoutput::Begin& begun) { begin(begun); },
          [&](const pgoutput::Commit& commit) { end(commit); },
          [&](const pgoutput::Relation& relation) {
            descriptions_[relation.oid] = message;
            describe(relation);
          },
          [&](const pgoutput::Truncate& truncation) {
            reject_outside();
            truncate(truncation);
          },
          [](const auto&) {}},  // types, origins, messages: nothing for us
      decoded);
}

void Session::begin(const pgoutput::Begin& begin) {
  if (in_transaction_) {
    throw SqlError(sqlstate::protocol_violation, "upstream began a transaction inside another");
  }
  in_transaction_ = true;
  commit_lsn_ = begin.commit_lsn;
  xid_ = begin.xid;
  commit_time_ = begin.commit_time;
  stream_->note_commit_time(commit_time_);
  // Commits are ordered, so one that begins to end below the position also ends there.
  skips_transaction_ = commit_lsn_ < start_;
  transaction_bytes_ = 0;
  unspilled_bytes_ = 0;
  for (TableStream* table : touched_) table->mark_transaction();
}

void Session::end(const pgoutput::Commit& commit) {
  if (!in_transaction_ || commit.commit_lsn != commit_lsn_) {
    throw SqlError(sqlstate::protocol_violation,
                   "upstream ended a transaction that it did not begin");
  }
  in_transaction_ = false;
  position_ = std::max(position_, commit.end_lsn);
  position_commit_time_ = commit_time_;
  shared_.counters.offset_known.raise_to(commit.end_lsn);
  if (skips_transaction_) return;
  group_bytes_ += transaction_bytes_;
  if (!touched_.empty() || !ceased_.empty()) {
    if (group_transactions_++ == 0) group_began_ = Clock::now();
  }
  // An error must not wait for a later transaction's commit: what comes before it could be seen
  // without it.
  if (!ceased_.empty()) return flush();
  if (group_transactions_ == 0) {
    group_bytes_ = 0;
    return;
  }
  take_outcomes();
  if (group_is_due()) return flush();
  // Old rows can be looked up only once all that came before is in the store: then rather gather more.
  const std::size_t bytes_max = any_unresolved() ? unresolved_group_bytes_max : group_bytes_max;
  if (group_bytes_ >= bytes_max || group_is_large_) flush();
}

void Session::describe(const pgoutput::Relation& relation) {
  for (TableStream* table : tables_of(relation.oid)) {
    if (table->must_spill_before(relation)) {
      if (table->phase == TableStream::Phase::copying) throw SessionRestart();
      if (in_transaction_) {
        flush_before_transaction();
        spill_transaction();
      } else if (group_transactions_ > 0) {
        flush();
      }
    }
    table->describe(relation);
    // One that says itself what is wrong with it needs no more questions.
    if (table->takes_changes() && table->is_described_compatibly()) {
      shared_.inquiries.ask(table->shared_table(), xid_);
    }
  }
}

template <class Change, class Apply>
void Session::change(const Change& change, Apply apply) {
  if (skips_transaction_) return;
  for (TableStream* table : tables_of(change.oid)) {
    if (!table->takes_changes() || commit_lsn_ < table->snapshot_lsn) continue;
    if (table->phase == TableStream::Phase::live && table->empty()) {
      touched_.push_back(table);
      table->mark_transaction();
    }
    if (auto why = apply(*table)) {
      cease(*table, std::move(*why));
      continue;
    }
    if (table->phase == TableStream::Phase::copying && table->bytes() >= spill_bytes) {
      spill_copied(*table);
    }
  }
  if (transaction_bytes_ >= large_transaction_bytes) flush_before_transaction();
}

void Session::spill_copied(TableStream& table) {
  if (!table.can_spill()) return table.drop_kept_back();
  if (table.is_unresolved()) {
    if (!snapshot_) return;
    const SnapshotOutcome::Table& copy = *copied(table);
    table.set_errors(copy.errors);
    if (auto why = table.resolve(copy.parts)) return cease(table, std::move(*why));
  }
  table.spill();
}

void Session::spill_transaction() {
  resolve_touched([](TableStream& table) { return table.resolve(); });
  for (TableStream* table : touched_) table->spill();
  unspilled_bytes_ = 0;
  group_is_large_ = true;
}

void Session::truncate(const pgoutput::Truncate& truncate) {
  if (skips_transaction_) return;
  // Transactions that came before keep their rows: the truncation must not reach into their commit.
  flush_before_transaction();
  for (const Oid oid : truncate.oids) {
    for (TableStream* table : tables_of(oid)) {
      if (!table->takes_changes() || commit_lsn_ < table->snapshot_lsn) continue;
      const bool is_new = table->empty();
      table->truncate(commit_lsn_);
      if (table->phase != TableStream::Phase::live) continue;
      group_is_large_ = true;
      if (is_new) touched_.push_back(table);
    }
  }
}

const std::vector<TableStream*>& Session::tables_of(Oid oid) {
  static const std::vector<TableStream*> none;
  if (oid == last_oid_ && last_tables_ != nullptr) return *last_tables_;
  const auto found = by_oid_.find(oid);
  last_oid_ = oid;
  last_tables_ = found == by_oid_.end() ? &none : &found->second;
  return *last_tables_;
}

void Session::cease(TableStream& table, std::string why) {
  shared_.log(fmt::format("source {}: table {} cannot go on: {}", shared_.source_id,
                          qualified_name(table.table().upstream), why));
  // Transactions that came before are whole: their rows of this table too.
  if (in_transaction_) {
    flush_before_transaction();
  } else if (group_transactions_ > 0) {
    flush();
  }
  table.clear();
  std::erase(touched_, &table);
  table.phase = TableStream::Phase::ceased;
  ceased_.emplace_back(&table, std::move(why));
}

}  // namespace tailrace::replication
