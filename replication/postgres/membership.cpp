#include "replication/postgres/membership.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tailrace::replication {
namespace {

constexpr std::uint32_t version_with_published_roots = 130000;

// The partitioned tables above c, each with the rows upstream that make c a part of it.
constexpr const char* ancestors = R"((
  WITH RECURSIVE above AS (
    SELECT i.inhparent AS oid, '/' || i.xmin::text AS links FROM pg_catalog.pg_inherits i
    WHERE c.relispartition AND i.inhrelid = c.oid
    UNION ALL
    SELECT i.inhparent, above.links || '/' || i.xmin::text
    FROM above JOIN pg_catalog.pg_inherits i ON i.inhrelid = above.oid)
  SELECT oid, links FROM above) AS ancestor)";

// Some row filter of the publication pub is about c, or about a partitioned table above it.
std::string filter_expression(std::uint32_t version) {
  if (version < version_with_lists) return "false";
  return fmt::format(R"(EXISTS (SELECT FROM pg_catalog.pg_publication_rel f
    WHERE f.prpubid = pub.oid AND f.prqual IS NOT NULL
      AND (f.prrelid = c.oid OR f.prrelid IN (SELECT ancestor.oid FROM {}))))",
                     ancestors);
}

// Transaction ids are compared without their epoch; those of a snapshot have one.
constexpr const char* sees_transaction_expression = R"(
  NOT EXISTS (SELECT FROM pg_catalog.txid_snapshot_xip(taken.snapshot) AS running(xid)
              WHERE running.xid & 4294967295 = {0})
  AND (pg_catalog.txid_snapshot_xmax(taken.snapshot) - {0}) & 4294967295 BETWEEN 1 AND 2147483647)";

std::string look_query(std::uint32_t version, Oid table, std::uint32_t xid) {
  return fmt::format(
      R"(SELECT {}, pub.oid, c.oid, {}, {}, a.attnum, a.attname,
  a.xmin::text, c.relfilenode, c.xmin::text
FROM (SELECT pg_catalog.txid_current_snapshot() AS snapshot) AS taken
LEFT JOIN pg_catalog.pg_publication pub ON pub.pubname = $1
LEFT JOIN pg_catalog.pg_class c ON c.oid = {}
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)",
      fmt::format(fmt::runtime(sees_transaction_expression), xid), memberships_expression(version),
      filter_expression(version), table);
}

}  // namespace

std::string memberships_expression(std::uint32_t version) {
  std::string members = R"(SELECT 'a' AS member WHERE pub.puballtables
    UNION ALL SELECT 'r' || m.oid FROM pg_catalog.pg_publication_rel m
    WHERE m.prpubid = pub.oid AND m.prrelid = c.oid)";
  if (version >= version_with_published_roots) {
    members += fmt::format(R"(
    UNION ALL SELECT 'r' || m.oid || ancestor.links
    FROM {} JOIN pg_catalog.pg_publication_rel m ON m.prpubid = pub.oid AND m.prrelid = ancestor.oid)",
                           ancestors);
  }
  if (version >= version_with_lists) {
    members += fmt::format(R"(
    UNION ALL SELECT 'n' || m.oid FROM pg_catalog.pg_publication_namespace m
    WHERE m.pnpubid = pub.oid AND m.pnnspid = c.relnamespace
    UNION ALL SELECT 'n' || m.oid || ancestor.links
    FROM {} JOIN pg_catalog.pg_class root ON root.oid = ancestor.oid
    JOIN pg_catalog.pg_publication_namespace m ON m.pnpubid = pub.oid AND m.pnnspid = root.relnamespace)",
                           ancestors);
  }
  return fmt::format(
      "(SELECT pg_catalog.string_agg(member, ' ' ORDER BY member COLLATE \"C\") FROM ({}) AS "
      "members)",
      members);
}

std::vector<std::string> split_memberships(std::string_view text) {
  std::vector<std::string> memberships;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    memberships.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return memberships;
}

TableLook look_at_table(Connection& connection, const std::string& publication, Oid table,
                        std::uint32_t xid) {
  const QueryResult found = connection.query(look_query(connection.server_version(), table, xid),
                                             std::vector{publication});
  TableLook look;
  look.sees_transaction = found.boolean(0, 0);
  if (!found.is_null(0, 1)) look.publication = static_cast<Oid>(found.integer(0, 1));
  look.exists = !found.is_null(0, 2);
  look.memberships = split_memberships(found.text(0, 3));
  look.has_row_filter = found.boolean(0, 4);
  if (look.exists) {
    look.heap.file = static_cast<Oid>(found.integer(0, 8));
    look.heap.changed_by = found.string(0, 9);
  }
  for (std::size_t row = 0; row < found.rows(); ++row) {
    if (found.is_null(row, 5)) continue;
    const auto number = static_cast<std::int16_t>(found.integer(row, 5));
    look.columns[number] = found.string(row, 6);
    look.heap.columns_changed_by[number] = found.string(row, 7);
  }
  return look;
}

}  // namespace tailrace::replication
