// What a source remembers in the store, in the same write as its data (RecordSpace::positions).
//
//   postgres/<id>/lsn             resume position: every transaction whose end is at or below it is
//   in the store postgres/<id>/system          the server's system identifier
//   postgres/<id>/progress        the row that the progress collection holds
//   postgres/<id>/totals          counters of the source
//   postgres/<id>/table/<c>       "copied <S>", or "ceased <why>"; absent: the snapshot is still to
//   be taken postgres/<id>/totals/<c>      counters of one table
//   postgres/<id>/file/<c>        pg_class.relfilenode upstream when it was looked at last
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "replication/postgres/lsn.hpp"
#include "storage/store.hpp"

namespace tailrace::replication {

class Positions {
 public:
  explicit Positions(std::string_view source_id)
      : prefix_("postgres/" + std::string(source_id) + "/") {}

  struct TableRecord {
    Lsn snapshot_lsn = 0;
    std::string ceased;  // empty: it goes on
  };
  struct Totals {
    std::uint64_t first = 0;   // messages; updates staged
    std::uint64_t second = 0;  // bytes; updates committed
  };

  std::string lsn_key() const { return prefix_ + "lsn"; }
  std::string system_key() const { return prefix_ + "system"; }
  std::string progress_key() const { return prefix_ + "progress"; }
  std::string totals_key() const { return prefix_ + "totals"; }
  std::string table_key(storage::CollectionId table) const;
  std::string totals_key(storage::CollectionId table) const;
  std::string file_key(storage::CollectionId table) const;
  std::string unpublished_key(storage::CollectionId table) const;

  static storage::RecordChange put(std::string key, std::string value);
  static storage::RecordChange put_number(std::string key, std::uint64_t value);
  static storage::RecordChange erase(std::string key);
  static std::string copied(Lsn snapshot_lsn);
  static std::string ceased(std::string_view why);
  static std::string encode(const Totals& totals);

  // Throw XX001 on what they cannot read.
  static std::optional<std::uint64_t> number(const storage::Store& store, const std::string& key);
  std::optional<TableRecord> table(const storage::Store& store, storage::CollectionId table) const;
  static Totals totals(const storage::Store& store, const std::string& key);

 private:
  std::string prefix_;
};

}  // namespace tailrace::replication
