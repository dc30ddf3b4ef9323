// Copies one ctid range of one table into staged parts.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "replication/postgres/connection.hpp"
#include "replication/postgres/snapshot.hpp"

namespace tailrace::replication {

// Pages [first, last) of the table; no last: to its end.
struct CopyRange {
  std::size_t table = 0;  // index into the request's tables
  std::uint64_t first_page = 0;
  std::optional<std::uint64_t> last_page;
};

struct CopiedRange {
  std::vector<storage::StagedPart> parts;
  std::uint64_t rows = 0;
  ErrorsByLabel errors;  // as in SnapshotOutcome
};

// The session must be in a transaction of the snapshot.
CopiedRange copy_range(Connection& connection, const SnapshotTable& table, const CopyRange& range,
                       storage::Store& store);

}  // namespace tailrace::replication
