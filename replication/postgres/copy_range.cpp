#include "replication/postgres/copy_range.hpp"

#include <fmt/format.h>

#include "replication/postgres/copy_decoder.hpp"
#include "replication/postgres/upstream_catalog.hpp"
#include "replication/postgres/upstream_types.hpp"

namespace tailrace::replication {
namespace {

// Bounds of what is decoded before it is handed to storage.
constexpr std::size_t copy_batch_rows_max = 64 * 1024;
constexpr std::size_t copy_batch_bytes_max = 16 << 20;

// Wakes once so much has arrived, or after so long: large reads, and no loss where a rest is
// smaller.
constexpr int receive_low_water_bytes = 128 * 1024;
constexpr std::chrono::microseconds receive_wait(2000);

constexpr Oid text_oid = 25;
constexpr Oid varchar_oid = 1043;
constexpr Oid json_oid = 114;

enum class Format : std::uint8_t { binary, text };

struct CopyQuery {
  std::string sql;
  std::vector<FieldValue::Form> forms;
  bool any_binary = false;
};

CopyQuery make_query(const TableExport& table, const CopyRange& range, Format format) {
  CopyQuery query;
  std::string columns;
  for (std::size_t i = 0; i < table.schema.size(); ++i) {
    const UpstreamColumn& column =
        table.upstream.columns[static_cast<std::size_t>(table.column_map[i])];
    const std::string name = quote_identifier(column.name);
    if (!columns.empty()) columns += ", ";
    if (column.type_oid == text_oid || column.type_oid == varchar_oid ||
        column.type_oid == json_oid) {
      columns += name;  // binary and text are the same bytes
      query.forms.push_back(FieldValue::Form::text);
    } else if (format == Format::binary && !table.as_text[i] &&
               copies_in_binary(column.type_oid, table.schema.columns[i].type)) {
      columns += name;
      query.forms.push_back(FieldValue::Form::binary);
      query.any_binary = true;
    } else {
      // The output function's text, as the stream has it. A cast to text differs: char(n) loses its
      // blanks, inet gains a mask. IS NULL would be true for a composite of NULLs.
      columns += fmt::format(
          "CASE WHEN pg_catalog.num_nulls({0}) = 0 THEN pg_catalog.format('%s', {0}) END", name);
      query.forms.push_back(FieldValue::Form::text);
    }
  }
  std::string where;
  if (range.first_page > 0)
    where = fmt::format(" WHERE ctid >= '({},0)'::pg_catalog.tid", range.first_page);
  if (range.last_page) {
    where += fmt::format("{} ctid < '({},0)'::pg_catalog.tid", where.empty() ? " WHERE" : " AND",
                         *range.last_page);
  }
  query.sql = fmt::format("COPY (SELECT {} FROM ONLY {}{}) TO STDOUT (FORMAT binary)", columns,
                          quoted_name(table.upstream), where);
  return query;
}

// Rows staged by one attempt: taken back from the counter if it does not stand.
class StagedCount {
 public:
  explicit StagedCount(TableCounters& counters) : counters_(counters) {}
  ~StagedCount() {
    if (!kept_) counters_.snapshot_records_staged.add(-static_cast<std::int64_t>(rows_));
  }
  void set(std::uint64_t rows) {
    if (rows == rows_) return;
    counters_.snapshot_records_staged.add(static_cast<std::int64_t>(rows - rows_));
    rows_ = rows;
    if (const auto staged = counters_.snapshot_records_staged.get()) {
      counters_.snapshot_records_known.raise_to(*staged);
    }
  }
  void keep() { kept_ = true; }

 private:
  TableCounters& counters_;
  std::uint64_t rows_ = 0;
  bool kept_ = false;
};

// Where a copy goes, and what it is asked for later.
class CopySink {
 public:
  CopySink(const SnapshotTable& table, storage::Store& store)
      : decoder_(std::make_shared<const RowDecoder>(table.table)),
        keeps_errors_(table.table->upstream.replica_identity != 'f'),
        writer_(store.stage(table.table->collection)) {}

  const std::shared_ptr<const RowDecoder>& decoder() const { return decoder_; }

  void write_out(RowBuffer& buffer) {
    const Delta delta = buffer.take();
    for (const BatchPtr& batch : delta.rows) writer_->write(*batch);
    for (const BatchPtr& batch : delta.errors) {
      writer_->write_errors(*batch);
      for (std::size_t row = 0; keeps_errors_ && row < batch->rows; ++row) {
        DataError error = error_at(*batch, row);
        const std::string label(decoder_->label_of(error));
        errors_.emplace(label, std::move(error));
      }
    }
  }

  CopiedRange finish(std::uint64_t rows) {
    return {.parts = writer_->finish(), .rows = rows, .errors = std::move(errors_)};
  }

 private:
  std::shared_ptr<const RowDecoder> decoder_;
  bool keeps_errors_;
  std::unique_ptr<storage::PartWriter> writer_;
  ErrorsByLabel errors_;
};

// Reads the running COPY to its end, whatever comes.
void drain(Connection& connection) {
  std::string_view message;
  while (true) {
    switch (connection.read(message)) {
      case Connection::Read::message:
        break;
      case Connection::Read::nothing_yet:
        connection.wait(receive_wait);
        break;
      case Connection::Read::end:
        return;
    }
  }
}

// Nothing: a value could not be taken in binary.
std::optional<CopiedRange> try_copy(Connection& connection, const SnapshotTable& table,
                                    const CopyQuery& query, storage::Store& store) {
  CopySink sink(table, store);
  RowBuffer buffer(sink.decoder());
  CopyDecoder decoder(query.forms);
  StagedCount staged(*table.counters);

  connection.start_copy(query.sql);
  connection.set_receive_low_water(receive_low_water_bytes);
  std::string_view message;
  while (true) {
    const Connection::Read read = connection.read(message);
    if (read == Connection::Read::end) break;
    if (read == Connection::Read::nothing_yet) {
      staged.set(decoder.rows());  // over a slow network a batch takes long
      connection.wait(receive_wait);
      continue;
    }
    decoder.decode(message, buffer);
    if (buffer.has_errors() && query.any_binary) {
      drain(connection);
      return std::nullopt;
    }
    if (buffer.updates() >= copy_batch_rows_max || buffer.bytes() >= copy_batch_bytes_max) {
      sink.write_out(buffer);
      staged.set(decoder.rows());
    }
  }
  sink.write_out(buffer);
  staged.set(decoder.rows());
  staged.keep();
  return sink.finish(decoder.rows());
}

}  // namespace

CopiedRange copy_range(Connection& connection, const SnapshotTable& table, const CopyRange& range,
                       storage::Store& store) {
  if (auto copied =
          try_copy(connection, table, make_query(*table.table, range, Format::binary), store)) {
    return *copied;
  }
  // A value that the dialect cannot hold. Its error must be the one that the stream, which sends
  // text, will take back when the row goes; so this range is copied again as text.
  const CopyQuery as_text = make_query(*table.table, range, Format::text);
  auto copied = try_copy(connection, table, as_text, store);
  ensure(copied.has_value(), "without binary columns a copy always ends");
  return *copied;
}

}  // namespace tailrace::replication
