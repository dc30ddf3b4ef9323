// The messages of PostgreSQL's logical replication plugin pgoutput, protocol version 1.
//
// Decoding is a pure function over bytes; every length is checked once, here. Strings and tuples
// are views into the message. Messages that only other protocol versions send are a ProtocolError,
// as is anything malformed.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "replication/postgres/lsn.hpp"
#include "repr/error.hpp"
#include "repr/type.hpp"

namespace tailrace::replication::pgoutput {

// 08P01; the message says which message and at which byte.
class ProtocolError : public SqlError {
 public:
  ProtocolError(std::size_t offset, std::string message)
      : SqlError(sqlstate::protocol_violation, std::move(message)), offset_(offset) {}
  std::size_t offset() const { return offset_; }

 private:
  std::size_t offset_;
};

struct Begin {
  Lsn commit_lsn = 0;
  std::int64_t commit_time = 0;  // microseconds since 2000-01-01
  std::uint32_t xid = 0;
};

struct Commit {
  Lsn commit_lsn = 0;
  Lsn end_lsn = 0;
  std::int64_t commit_time = 0;
};

struct Origin {
  Lsn lsn = 0;
  std::string_view name;
};

struct RelationColumn {
  bool key = false;
  std::string_view name;
  Oid type_oid = 0;
  std::int32_t type_modifier = -1;
};

struct Relation {
  Oid oid = 0;
  std::string_view schema;
  std::string_view name;
  char identity = 'd';
  std::vector<RelationColumn> columns;
};

struct Type {
  Oid oid = 0;
  std::string_view schema;
  std::string_view name;
};

struct TupleValue {
  enum class Kind : std::uint8_t { null, unchanged_toast, text, binary };
  Kind kind = Kind::null;
  std::string_view bytes;
};

// Checked values of one row, read one after the other without copying.
class Tuple {
 public:
  Tuple() = default;
  Tuple(std::uint16_t count, std::string_view checked) : count_(count), bytes_(checked) {}
  std::uint16_t count() const { return count_; }
  // Calls with each value in turn.
  template <class Function>
  void for_each(Function&& function) const {
    const char* at = bytes_.data();
    for (std::uint16_t i = 0; i < count_; ++i) function(i, next(at));
  }

 private:
  static TupleValue next(const char*& at);

  std::uint16_t count_ = 0;
  std::string_view bytes_;
};

struct Insert {
  Oid oid = 0;
  Tuple row;
};

// How much of the old row upstream sent.
enum class OldRow : std::uint8_t { none, key, full };

struct Update {
  Oid oid = 0;
  OldRow old_kind = OldRow::none;
  Tuple old_row;
  Tuple new_row;
};

struct Delete {
  Oid oid = 0;
  OldRow old_kind = OldRow::key;
  Tuple old_row;
};

struct Truncate {
  bool cascade = false;
  bool restart_identity = false;
  std::vector<Oid> oids;
};

struct LogicalMessage {
  bool transactional = false;
  Lsn lsn = 0;
  std::string_view prefix;
  std::string_view content;
};

using Message = std::variant<Begin, Commit, Origin, Relation, Type, Insert, Update, Delete,
                             Truncate, LogicalMessage>;

Message decode(std::string_view bytes);

inline TupleValue Tuple::next(const char*& at) {
  const char kind = *at++;
  if (kind == 'n') return {TupleValue::Kind::null, {}};
  if (kind == 'u') return {TupleValue::Kind::unchanged_toast, {}};
  std::uint32_t length = 0;
  __builtin_memcpy(&length, at, 4);
  length = __builtin_bswap32(length);
  at += 4;
  const std::string_view bytes(at, length);
  at += length;
  return {kind == 't' ? TupleValue::Kind::text : TupleValue::Kind::binary, bytes};
}

}  // namespace tailrace::replication::pgoutput
