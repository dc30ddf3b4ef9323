#include "replication/postgres/positions.hpp"

#include <fmt/format.h>

#include <charconv>

#include "replication/postgres/source.hpp"

namespace tailrace::replication {
namespace {

using storage::RecordSpace;

std::uint64_t parse_number(std::string_view text, std::string_view key) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw SqlError(sqlstate::data_corrupted, fmt::format("record \"{}\" is damaged", key));
  }
  return number;
}

}  // namespace

std::string Positions::table_key(storage::CollectionId table) const {
  return fmt::format("{}table/{}", prefix_, table.value);
}

std::string Positions::totals_key(storage::CollectionId table) const {
  return fmt::format("{}totals/{}", prefix_, table.value);
}

std::string Positions::file_key(storage::CollectionId table) const {
  return fmt::format("{}file/{}", prefix_, table.value);
}

std::string Positions::unpublished_key(storage::CollectionId table) const {
  return fmt::format("{}unpublished/{}", prefix_, table.value);
}

storage::RecordChange Positions::put(std::string key, std::string value) {
  return {.space = RecordSpace::positions, .key = std::move(key), .value = std::move(value)};
}

storage::RecordChange Positions::put_number(std::string key, std::uint64_t value) {
  return put(std::move(key), std::to_string(value));
}

storage::RecordChange Positions::erase(std::string key) {
  return {.space = RecordSpace::positions, .key = std::move(key), .value = std::nullopt};
}

std::string Positions::copied(Lsn snapshot_lsn) {
  return fmt::format("copied {}", snapshot_lsn);
}

std::string Positions::ceased(std::string_view why) {
  return fmt::format("ceased {}", why);
}

std::string Positions::encode(const Totals& totals) {
  return fmt::format("{} {}", totals.first, totals.second);
}

std::optional<std::uint64_t> Positions::number(const storage::Store& store,
                                               const std::string& key) {
  const auto record = store.read_record(RecordSpace::positions, key);
  if (!record) return std::nullopt;
  return parse_number(*record, key);
}

std::optional<Positions::TableRecord> Positions::table(const storage::Store& store,
                                                       storage::CollectionId table) const {
  const std::string key = table_key(table);
  const auto record = store.read_record(RecordSpace::positions, key);
  if (!record) return std::nullopt;
  constexpr std::string_view copied = "copied ";
  constexpr std::string_view ceased = "ceased ";
  const std::string_view text = *record;
  if (text.starts_with(ceased))
    return TableRecord{.ceased = std::string(text.substr(ceased.size()))};
  if (!text.starts_with(copied)) {
    throw SqlError(sqlstate::data_corrupted, fmt::format("record \"{}\" is damaged", key));
  }
  return TableRecord{.snapshot_lsn = parse_number(text.substr(copied.size()), key)};
}

Positions::Totals Positions::totals(const storage::Store& store, const std::string& key) {
  const auto record = store.read_record(RecordSpace::positions, key);
  if (!record) return {};
  const std::string_view text = *record;
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) {
    throw SqlError(sqlstate::data_corrupted, fmt::format("record \"{}\" is damaged", key));
  }
  return {.first = parse_number(text.substr(0, space), key),
          .second = parse_number(text.substr(space + 1), key)};
}

bool is_readable(const storage::Store& store, std::string_view source_id,
                 storage::CollectionId collection) {
  return Positions(source_id).table(store, collection).has_value();
}

std::vector<storage::RecordChange> records_of_drop(const storage::Store& store,
                                                   std::string_view source_id) {
  std::vector<storage::RecordChange> changes;
  for (auto& [key, value] :
       store.scan_records(RecordSpace::positions, fmt::format("postgres/{}/", source_id))) {
    changes.push_back(Positions::erase(key));
  }
  return changes;
}

}  // namespace tailrace::replication
