// Private to storage/. The commit log: gives out sequence numbers, writes records in their order, and knows what may be
// cut off.
#pragma once

#include <rocksdb/write_batch.h>

#include <cstdint>
#include <deque>
#include <mutex>
#include <set>
#include <string_view>
#include <utility>

#include "storage/database.hpp"

namespace tailrace::storage {

// Thread-safe. Sequence order is the order in the write-ahead log: after a crash a prefix is there.
class Log {
 public:
  Log(Database& database, std::uint64_t next_sequence)
      : database_(database), next_(next_sequence) {}

  // A record that is written but not yet in its collections' tails: the log is not cut there.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Log* log, std::uint64_t sequence) : log_(log), sequence_(sequence) {}
    Ticket(Ticket&& other) noexcept
        : log_(std::exchange(other.log_, nullptr)), sequence_(other.sequence_) {}
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(log_, other.log_);
      std::swap(sequence_, other.sequence_);
      return *this;
    }
    ~Ticket() {
      if (log_ != nullptr) log_->published(sequence_);
    }
    std::uint64_t sequence() const { return sequence_; }

   private:
    Log* log_ = nullptr;
    std::uint64_t sequence_ = 0;
  };

  // Writes `record` and all of `batch` at once, not synced. Not ok: nothing is stored.
  rocksdb::Status write(rocksdb::WriteBatch& batch, std::string_view record, Ticket& ticket);

  // Of a record that recovery found.
  void recovered(std::uint64_t sequence, std::size_t bytes);

  // No record at or after this may be cut, whatever the tails say: it is not in them yet, or not
  // written.
  std::uint64_t first_unpublished() const;
  // What is stored before `sequence`.
  std::size_t bytes_before(std::uint64_t sequence) const;
  std::size_t bytes() const;
  // Deletes all records before `sequence`; `reclaim`: gives the space back before it returns.
  void cut(std::uint64_t sequence, bool reclaim);

 private:
  void published(std::uint64_t sequence);

  Database& database_;
  mutable std::mutex mutex_;
  std::uint64_t next_;
  std::set<std::uint64_t> unpublished_;
  std::deque<std::pair<std::uint64_t, std::size_t>> records_;  // sequence, bytes
  std::size_t bytes_ = 0;
};

}  // namespace tailrace::storage
