// A commit record: what one group of commits, or one append, did to collections. Self-contained, so
// that a follower needs nothing but the log.
//
//   version (1) | time (8) | entry...  | xxh3 of all before (8)
//   entry: kind (1) | collection (8) | body
//     delta:     number of row batches (4), of error batches (4), batches (repr/batch_codec.hpp);
//     their time
//                is the record's
//     append:    lower (8), upper (8), then as delta, the batches with times of their own
//     truncate:  nothing
//     part:      part (8), sign (8), 1 if of errors (1): the manifest has it too
//     create, drop: nothing: the collection record has it
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "repr/data_error.hpp"
#include "storage/collection_id.hpp"
#include "storage/staging.hpp"

namespace tailrace::storage {

struct LogEntry {
  enum class Kind : std::uint8_t {
    delta = 1,
    append = 2,
    truncate = 3,
    part = 4,
    create = 5,
    drop = 6
  };
  Kind kind = Kind::delta;
  CollectionId collection;
  Delta delta;          // of delta and append
  Timestamp lower = 0;  // of append
  Timestamp upper = 0;
  PartId part;  // of part
  Diff sign = 1;
  bool part_of_errors = false;
};

struct LogRecord {
  Timestamp time = 0;
  std::vector<LogEntry> entries;
};

// Entries are encoded where they come from (a caller's thread), and joined to a record by the
// committer.
void encode_log_entry(const LogEntry& entry, std::string& out);
std::string encode_log_record(Timestamp time, std::string_view encoded_entries);
LogRecord decode_log_record(std::string_view bytes);  // XX001

}  // namespace tailrace::storage
