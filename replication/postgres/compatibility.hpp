// Whether a table upstream still is what an export was made from
// (reference/postgres-source.md 4.1).
#pragma once

#include <optional>
#include <string>

#include "replication/postgres/config.hpp"
#include "replication/postgres/membership.hpp"
#include "replication/postgres/pgoutput.hpp"
#include "replication/postgres/upstream_catalog.hpp"

namespace tailrace::replication {

// Why it cannot go on, for ever; nothing: compatible. Judged on the ingested columns and the
// recorded keys.
std::optional<std::string> incompatibility(const TableExport& stored, const PublishedTable& now);

// The same by what the stream tells. On success `column_of` gets, for each column of the relation,
// the column of the collection, or -1.
std::optional<std::string> incompatibility(const TableExport& stored, const pgoutput::Relation& now,
                                           std::vector<int>& column_of);

// The values of a column that is not ingested as text were changed by a rewrite of the table, of which the stream tells
// nothing. `file_before`: of when it was looked at last.
std::optional<std::string> rewritten(const TableExport& stored,
                                     std::optional<std::uint64_t> file_before,
                                     const HeapState& now);

// Of a table that is not in the publication any more.
std::string gone_text(const UpstreamTable& table, bool exists, std::string_view publication);

// What the stream does not tell, when it describes a table anew.
std::optional<std::string> unseen_change(const TableExport& stored, const TableLook& now,
                                         std::string_view publication);

// "source table public.t with oid 16401 has been altered: incompatible schema change: <what>".
std::string altered_text(const UpstreamTable& table, std::string_view what);

}  // namespace tailrace::replication
