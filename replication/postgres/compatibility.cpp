#include "replication/postgres/compatibility.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "replication/postgres/upstream_catalog.hpp"

namespace tailrace::replication {

std::string altered_text(const UpstreamTable& table, std::string_view what) {
  return fmt::format("source table {} with oid {} has been altered: incompatible schema change: {}",
                     qualified_name(table), table.oid, what);
}

namespace {

constexpr std::string_view identity_lost =
    "its replica identity is neither FULL nor the key that it was ingested with";

// The columns of the collection that these are, and those of its key, are the same.
bool is_key(const TableExport& stored, std::vector<int> columns) {
  std::vector<int> key = stored.key;
  std::ranges::sort(key);
  std::ranges::sort(columns);
  return !key.empty() && key == columns;
}

// The column of the collection with this attribute number; -1: not ingested.
int collection_column(const TableExport& stored, std::int16_t number) {
  for (std::size_t i = 0; i < stored.column_map.size(); ++i) {
    const auto upstream = static_cast<std::size_t>(stored.column_map[i]);
    if (stored.upstream.columns[upstream].attribute_number == number) return static_cast<int>(i);
  }
  return -1;
}

// The value of a text column that upstream writes otherwise than before; the rows here keep the old text.
std::optional<std::string> renamed_label(const TableExport& stored,
                                         const PublishedTable& published) {
  if (!published.labels) return std::nullopt;
  for (const auto& [type, labels] : *published.labels) {
    for (const auto& [oid, label] : labels) {
      const auto was = stored.labels.find(oid);
      if (was != stored.labels.end() && was->second != label) {
        return fmt::format("the label \"{}\" of an enum was renamed to \"{}\"", was->second, label);
      }
    }
  }
  return std::nullopt;
}

bool stayed_published(const UpstreamTable& then, Oid publication,
                      const std::vector<std::string>& memberships) {
  if (then.publication == 0) return true;  // not recorded
  return then.publication == publication &&
         std::ranges::any_of(then.memberships, [&](const std::string& membership) {
           return std::ranges::find(memberships, membership) != memberships.end();
         });
}

constexpr std::string_view published_again =
    "it was taken out of the publication and added to it again, and changes in between are missing";

constexpr std::string_view got_row_filter = "the publication got a row filter for it";

}  // namespace

std::optional<std::string> incompatibility(const TableExport& stored,
                                           const PublishedTable& published) {
  const UpstreamTable& now = published.table;
  const UpstreamTable& then = stored.upstream;
  const auto altered = [&](std::string_view what) { return altered_text(then, what); };
  if (now.schema != then.schema || now.name != then.name) {
    return altered(fmt::format("it is now {}", qualified_name(now)));
  }
  if (published.has_row_filter) return altered(got_row_filter);
  if (now.replica_identity != 'f') {
    std::vector<int> columns;
    for (const std::int16_t number : published.identity) {
      columns.push_back(collection_column(stored, number));
    }
    if (!is_key(stored, std::move(columns))) return altered(identity_lost);
  }
  for (std::size_t i = 0; i < stored.column_map.size(); ++i) {
    const UpstreamColumn& was = then.columns[static_cast<std::size_t>(stored.column_map[i])];
    const auto is =
        std::find_if(now.columns.begin(), now.columns.end(), [&](const UpstreamColumn& column) {
          return column.attribute_number == was.attribute_number;
        });
    if (is == now.columns.end()) return altered(fmt::format("column \"{}\" was dropped", was.name));
    if (is->name != was.name) {
      return altered(fmt::format("column \"{}\" was renamed to \"{}\"", was.name, is->name));
    }
    if (stored.as_text[i]) continue;
    if (is->type_oid != was.type_oid || is->type_modifier != was.type_modifier) {
      return altered(fmt::format("the type of column \"{}\" was changed", was.name));
    }
    if (was.not_null && !is->not_null) {
      return altered(fmt::format("column \"{}\" is not NOT NULL any more", was.name));
    }
  }
  for (const UpstreamKey& key : then.keys) {
    const bool kept =
        std::any_of(now.keys.begin(), now.keys.end(), [&](const UpstreamKey& candidate) {
          return candidate.oid == key.oid && candidate.attribute_numbers == key.attribute_numbers;
        });
    if (!kept) {
      return altered(fmt::format("{} constraint \"{}\" was dropped upstream",
                                 key.primary ? "PRIMARY KEY" : "UNIQUE", key.name));
    }
  }
  if (auto what = renamed_label(stored, published)) return altered(*what);
  if (!stayed_published(then, now.publication, now.memberships)) return altered(published_again);
  return std::nullopt;
}

std::optional<std::string> incompatibility(const TableExport& stored, const pgoutput::Relation& now,
                                           std::vector<int>& column_of) {
  const UpstreamTable& then = stored.upstream;
  const auto altered = [&](std::string_view what) { return altered_text(then, what); };
  if (now.schema != then.schema || now.name != then.name) {
    return altered(fmt::format("it is now {}.{}", now.schema, now.name));
  }
  column_of.assign(now.columns.size(), -1);
  std::size_t last = 0;
  bool in_order = true;
  for (std::size_t i = 0; i < stored.column_map.size(); ++i) {
    const UpstreamColumn& was = then.columns[static_cast<std::size_t>(stored.column_map[i])];
    const auto is = std::find_if(
        now.columns.begin(), now.columns.end(),
        [&](const pgoutput::RelationColumn& column) { return column.name == was.name; });
    if (is == now.columns.end()) {
      return altered(fmt::format("column \"{}\" was dropped or renamed", was.name));
    }
    if (!stored.as_text[i] &&
        (is->type_oid != was.type_oid || is->type_modifier != was.type_modifier)) {
      return altered(fmt::format("the type of column \"{}\" was changed", was.name));
    }
    const auto index = static_cast<std::size_t>(is - now.columns.begin());
    // Attribute numbers never change, so neither does the order: where it does, columns were
    // dropped and added again, or have swapped names.
    in_order = in_order && (i == 0 || index > last);
    last = index;
    column_of[index] = static_cast<int>(i);
  }
  if (!in_order) return altered("its columns are other ones of the same names");
  if (now.identity != 'f') {
    std::vector<int> key;
    for (std::size_t i = 0; i < now.columns.size(); ++i) {
      if (now.columns[i].key) key.push_back(column_of[i]);
    }
    if (!is_key(stored, std::move(key))) return altered(identity_lost);
  }
  return std::nullopt;
}

std::optional<std::string> rewritten(const TableExport& stored,
                                     std::optional<std::uint64_t> file_before,
                                     const HeapState& now) {
  if (!file_before || *file_before == now.file) return std::nullopt;
  for (std::size_t i = 0; i < stored.column_map.size(); ++i) {
    if (stored.as_text[i]) continue;
    const UpstreamColumn& column =
        stored.upstream.columns[static_cast<std::size_t>(stored.column_map[i])];
    const auto changed_by = now.columns_changed_by.find(column.attribute_number);
    if (changed_by == now.columns_changed_by.end() || changed_by->second != now.changed_by)
      continue;
    return altered_text(
        stored.upstream,
        fmt::format("the table was rewritten together with a change of column \"{}\"",
                    column.name));
  }
  return std::nullopt;
}

std::string gone_text(const UpstreamTable& table, bool exists, std::string_view publication) {
  if (!exists)
    return fmt::format("table was dropped: {} with oid {}", qualified_name(table), table.oid);
  return altered_text(table, fmt::format("it is not in publication \"{}\" any more", publication));
}

std::optional<std::string> unseen_change(const TableExport& stored, const TableLook& now,
                                         std::string_view publication) {
  const UpstreamTable& then = stored.upstream;
  if (!now.exists || now.memberships.empty()) return gone_text(then, now.exists, publication);
  if (now.has_row_filter) return altered_text(then, got_row_filter);
  for (const int index : stored.column_map) {
    const UpstreamColumn& was = then.columns[static_cast<std::size_t>(index)];
    const auto is = now.columns.find(was.attribute_number);
    if (is == now.columns.end())
      return altered_text(then, fmt::format("column \"{}\" was dropped", was.name));
    if (is->second != was.name) {
      return altered_text(then,
                          fmt::format("column \"{}\" was renamed to \"{}\"", was.name, is->second));
    }
  }
  if (!now.publication || !stayed_published(then, *now.publication, now.memberships)) {
    return altered_text(then, published_again);
  }
  return std::nullopt;
}

}  // namespace tailrace::replication
