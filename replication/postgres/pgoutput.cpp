#include "replication/postgres/pgoutput.hpp"

#include <fmt/format.h>

#include <cstring>

namespace tailrace::replication::pgoutput {
namespace {

// Reads big-endian values and never past the end.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(take(1)[0]); }
  std::uint16_t u16() { return integer<std::uint16_t>(); }
  std::uint32_t u32() { return integer<std::uint32_t>(); }
  std::uint64_t u64() { return integer<std::uint64_t>(); }
  std::string_view string() {
    const std::size_t end = bytes_.find('\0', at_);
    if (end == std::string_view::npos) fail("a string has no end");
    const std::string_view text = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return text;
  }
  std::string_view take(std::size_t count) {
    if (count > bytes_.size() - at_)
      fail(fmt::format("{} bytes are missing", count - (bytes_.size() - at_)));
    const std::string_view taken = bytes_.substr(at_, count);
    at_ += count;
    return taken;
  }

  std::size_t at() const { return at_; }
  std::string_view since(std::size_t start) const { return bytes_.substr(start, at_ - start); }
  void expect_end() {
    if (at_ != bytes_.size()) fail("unexpected bytes follow");
  }

  [[noreturn]] void fail(std::string_view why) const {
    const auto kind = bytes_.empty() ? 0 : static_cast<unsigned char>(bytes_[0]);
    const std::string name = kind >= 0x20 && kind < 0x7f
                                 ? fmt::format("'{}'", static_cast<char>(kind))
                                 : fmt::format("0x{:02x}", kind);
    throw ProtocolError(
        at_, fmt::format("invalid replication message {} at byte {}: {}", name, at_, why));
  }

 private:
  template <class T>
  T integer() {
    T value = 0;
    for (const char c : take(sizeof(T)))
      value = static_cast<T>((value << 8) | static_cast<unsigned char>(c));
    return value;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
};

Tuple read_tuple(Reader& reader) {
  const std::uint16_t count = reader.u16();
  const std::size_t start = reader.at();
  for (std::uint16_t i = 0; i < count; ++i) {
    switch (reader.u8()) {
      case 'n':
      case 'u':
        break;
      case 't':
      case 'b':
        reader.take(reader.u32());
        break;
      default:
        reader.fail("unknown kind of value");
    }
  }
  return {count, reader.since(start)};
}

Begin read_begin(Reader& reader) {
  Begin begin;
  begin.commit_lsn = reader.u64();
  begin.commit_time = static_cast<std::int64_t>(reader.u64());
  begin.xid = reader.u32();
  return begin;
}

Commit read_commit(Reader& reader) {
  if (reader.u8() != 0) reader.fail("unknown flags of a commit");
  Commit commit;
  commit.commit_lsn = reader.u64();
  commit.end_lsn = reader.u64();
  commit.commit_time = static_cast<std::int64_t>(reader.u64());
  return commit;
}

Relation read_relation(Reader& reader) {
  Relation relation;
  relation.oid = reader.u32();
  relation.schema = reader.string();
  if (relation.schema.empty()) relation.schema = "pg_catalog";
  relation.name = reader.string();
  relation.identity = static_cast<char>(reader.u8());
  const std::uint16_t count = reader.u16();
  for (std::uint16_t i = 0; i < count; ++i) {
    RelationColumn column;
    column.key = (reader.u8() & 1) != 0;
    column.name = reader.string();
    column.type_oid = reader.u32();
    column.type_modifier = static_cast<std::int32_t>(reader.u32());
    relation.columns.push_back(column);
  }
  return relation;
}

Insert read_insert(Reader& reader) {
  Insert insert;
  insert.oid = reader.u32();
  if (reader.u8() != 'N') reader.fail("an insert without a new row");
  insert.row = read_tuple(reader);
  return insert;
}

OldRow old_row_kind(char mark) {
  return mark == 'O' ? OldRow::full : OldRow::key;
}

Update read_update(Reader& reader) {
  Update update;
  update.oid = reader.u32();
  char mark = static_cast<char>(reader.u8());
  if (mark == 'K' || mark == 'O') {
    update.old_kind = old_row_kind(mark);
    update.old_row = read_tuple(reader);
    mark = static_cast<char>(reader.u8());
  }
  if (mark != 'N') reader.fail("an update without a new row");
  update.new_row = read_tuple(reader);
  return update;
}

Delete read_delete(Reader& reader) {
  Delete deletion;
  deletion.oid = reader.u32();
  const char mark = static_cast<char>(reader.u8());
  if (mark != 'K' && mark != 'O') reader.fail("a delete without an old row");
  deletion.old_kind = old_row_kind(mark);
  deletion.old_row = read_tuple(reader);
  return deletion;
}

Truncate read_truncate(Reader& reader) {
  Truncate truncate;
  const std::uint32_t count = reader.u32();
  const std::uint8_t options = reader.u8();
  truncate.cascade = (options & 1) != 0;
  truncate.restart_identity = (options & 2) != 0;
  for (std::uint32_t i = 0; i < count; ++i) truncate.oids.push_back(reader.u32());
  return truncate;
}

LogicalMessage read_message(Reader& reader) {
  LogicalMessage message;
  message.transactional = (reader.u8() & 1) != 0;
  message.lsn = reader.u64();
  message.prefix = reader.string();
  message.content = reader.take(reader.u32());
  return message;
}

Message read(Reader& reader) {
  switch (reader.u8()) {
    case 'B':
      return read_begin(reader);
    case 'C':
      return read_commit(reader);
    case 'O': {
      const Lsn lsn = reader.u64();
      return Origin{.lsn = lsn, .name = reader.string()};
    }
    case 'R':
      return read_relation(reader);
    case 'Y': {
      Type type;
      type.oid = reader.u32();
      type.schema = reader.string();
      type.name = reader.string();
      return type;
    }
    case 'I':
      return read_insert(reader);
    case 'U':
      return read_update(reader);
    case 'D':
      return read_delete(reader);
    case 'T':
      return read_truncate(reader);
    case 'M':
      return read_message(reader);
    default:
      reader.fail("unknown kind of message");
  }
}

}  // namespace

Message decode(std::string_view bytes) {
  Reader reader(bytes);
  Message message = read(reader);
  reader.expect_end();
  return message;
}

}  // namespace tailrace::replication::pgoutput
