#include "storage/log.hpp"

#include "storage/fault_point.hpp"
#include "storage/keys.hpp"

namespace tailrace::storage {

rocksdb::Status Log::write(rocksdb::WriteBatch& batch, std::string_view record, Ticket& ticket) {
  std::lock_guard lock(mutex_);
  const std::uint64_t sequence = next_;
  auto status =
      batch.Put(database_.log(), log_key(sequence), rocksdb::Slice(record.data(), record.size()));
  if (status.ok()) status = database_.write(batch);
  if (!status.ok()) return status;
  ++next_;
  unpublished_.insert(sequence);
  records_.emplace_back(sequence, record.size());
  bytes_ += record.size();
  ticket = Ticket(this, sequence);
  return status;
}

void Log::recovered(std::uint64_t sequence, std::size_t bytes) {
  std::lock_guard lock(mutex_);
  records_.emplace_back(sequence, bytes);
  bytes_ += bytes;
}

std::uint64_t Log::first_unpublished() const {
  std::lock_guard lock(mutex_);
  return unpublished_.empty() ? next_ : *unpublished_.begin();
}

std::size_t Log::bytes_before(std::uint64_t sequence) const {
  std::lock_guard lock(mutex_);
  std::size_t bytes = 0;
  for (const auto& [at, size] : records_) {
    if (at >= sequence) break;
    bytes += size;
  }
  return bytes;
}

std::size_t Log::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

void Log::cut(std::uint64_t sequence, bool reclaim) {
  const std::string begin = log_key(0);
  const std::string end = log_key(sequence);
  rocksdb::WriteBatch batch;
  check(batch.DeleteRange(database_.log(), begin, end), "cut the log");
  check(database_.write(batch), "cut the log");
  fault_point("log_cut");
  {
    std::lock_guard lock(mutex_);
    while (!records_.empty() && records_.front().first < sequence) {
      bytes_ -= records_.front().second;
      records_.pop_front();
    }
  }
  if (!reclaim) return;
  // A write-ahead log goes once all families that have something in it are flushed.
  check(database_.flush(), "flush the log");
  check(database_.db().CompactRange(rocksdb::CompactRangeOptions(), database_.log(), nullptr,
                                    nullptr),
        "compact the log");
}

void Log::published(std::uint64_t sequence) {
  std::lock_guard lock(mutex_);
  unpublished_.erase(sequence);
}

}  // namespace tailrace::storage
