// Asking upstream before anything is stored: can we follow this, and what is there?
//
// Every check of reference/postgres-source.md 1.1 with its error, detail and hint. Opens ordinary
// connections only and creates nothing upstream. Blocking; stops when cancelled.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "replication/postgres/config.hpp"
#include "repr/cancel.hpp"

namespace tailrace::replication {

struct TableReference {
  std::vector<std::string> name;  // 1 to 3 parts, as written
  std::uint32_t position = 0;
  // The object to be made from it, as written; empty: it is named like the upstream table.
  std::vector<std::string> alias;
};

struct ColumnReference {
  std::vector<std::string> name;  // column last
  std::uint32_t position = 0;
};

struct ConstraintReference {
  std::string name;
  std::uint32_t position = 0;
};

struct PurificationRequest {
  ConnectionConfig connection;
  std::string publication;
  // Which tables: all, those of schemas, or these. `none`: only the source itself (the newer
  // syntax).
  enum class Selection : std::uint8_t {
    none,
    all_tables,
    schemas,
    tables
  } selection = Selection::all_tables;
  std::vector<std::string> schemas;
  std::vector<TableReference> tables;
  // CREATE TABLE ... FROM SOURCE: the columns below are named without their table.
  bool bare_columns = false;
  // Free replication slots needed: the source's own and the snapshot's; 1 where the source has its
  // own already.
  int slots_needed = 2;
  std::vector<ColumnReference> text_columns;
  std::vector<ColumnReference> exclude_columns;
  // Keys that are not to be recorded, so that upstream may drop them; only with `bare_columns`.
  std::vector<ConstraintReference> exclude_constraints;
  bool exclude_all_constraints = false;
};

struct PurifiedSource {
  std::string database;
  std::optional<std::uint64_t> timeline;
  std::uint32_t server_version = 0;  // as server_version_num
  std::string publication;
  // In the order of the request (`tables`), else by schema and name. `collection` is 0, to be
  // filled in.
  std::vector<TableExport> tables;
  std::vector<std::size_t> reference_of;  // for `tables`: index into the request's tables
  std::vector<UpstreamTable> available;   // everything in the publication
  std::vector<std::string> notices;
};

// Throws SqlError. Same checks as CREATE CONNECTION, then those of the source.
PurifiedSource purify(const PurificationRequest& request, CancelToken& cancel);

// reference/connections.md 9.
void validate_connection(const ConnectionConfig& connection, CancelToken& cancel);

// DROP SOURCE: drops the slot if it is there (ending the session that uses it). Throws what can be
// tried again.
void drop_slot(const ConnectionConfig& connection, const std::string& slot, CancelToken& cancel);

}  // namespace tailrace::replication
