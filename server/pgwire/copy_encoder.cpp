// Results in COPY's formats: text, CSV and binary, one CopyData message a row.
#include <array>

#include "server/pgwire/backend_message.hpp"
#include "server/pgwire/field_writer.hpp"
#include "server/pgwire/row_encoder.hpp"

namespace tailrace::server {

namespace {

using engine::CopyFormat;
using engine::CopyOptions;

constexpr std::string_view binary_signature{"PGCOPY\n\377\r\n\0", 11};

std::vector<FieldWriter> field_writers(const Schema& schema, bool binary, int extra_float_digits) {
  std::vector<FieldWriter> fields;
  for (const ColumnSchema& column : schema.columns) {
    fields.push_back(binary ? FieldWriter::binary(column.type)
                            : FieldWriter::text(column.type, extra_float_digits));
  }
  return fields;
}

// Lines of delimited fields; how a field is made safe is what text and CSV differ in.
class LineEncoder : public RowEncoder {
 public:
  LineEncoder(const Schema& schema, CopyOptions options, int extra_float_digits)
      : options_(std::move(options)), fields_(field_writers(schema, false, extra_float_digits)) {
    if (options_.header) {
      for (const ColumnSchema& column : schema.columns) names_.push_back(column.name);
    }
  }

  void append_start(std::string& out) override {
    if (names_.empty()) return;
    MessageWriter message(out, 'd');
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (i > 0) out += options_.delimiter;
      const std::size_t start = out.size();
      out += names_[i];
      escape(start, out);
    }
    out += '\n';
  }

  std::size_t append_rows(const Batch& batch, std::size_t first, std::size_t bytes_max,
                          std::string& out) override {
    std::size_t row = first;
    for (; row < batch.rows && out.size() < bytes_max; ++row) {
      MessageWriter message(out, 'd');
      for (std::size_t i = 0; i < fields_.size(); ++i) {
        if (i > 0) out += options_.delimiter;
        const Column& column = *batch.columns[i];
        if (column.is_null(row)) {
          out += options_.null;
          continue;
        }
        const std::size_t start = out.size();
        fields_[i].append(column, row, out);
        escape(start, out);
      }
      out += '\n';
    }
    return row;
  }

 protected:
  // Makes the field from `start` on safe, in place.
  virtual void escape(std::size_t start, std::string& out) = 0;
  const CopyOptions& options() const { return options_; }
  std::size_t width() const { return fields_.size(); }

  std::string scratch_;

 private:
  CopyOptions options_;
  std::vector<FieldWriter> fields_;
  std::vector<std::string> names_;
};

class TextEncoder final : public LineEncoder {
 public:
  TextEncoder(const Schema& schema, const CopyOptions& options, int extra_float_digits)
      : LineEncoder(schema, options, extra_float_digits) {
    const std::string_view special = "\b\f\n\r\t\v\\";
    const std::string_view letters = "bfnrtv\\";
    for (std::size_t i = 0; i < special.size(); ++i) {
      escapes_[static_cast<unsigned char>(special[i])] = letters[i];
    }
    char& delimiter = escapes_[static_cast<unsigned char>(options.delimiter)];
    if (delimiter == 0) delimiter = options.delimiter;
  }

 protected:
  void escape(std::size_t start, std::string& out) override {
    std::size_t clean = start;
    while (clean < out.size() && escape_of(out[clean]) == 0) ++clean;
    if (clean == out.size()) return;
    scratch_.assign(out, clean);
    out.resize(clean);
    for (const char c : scratch_) {
      const char letter = escape_of(c);
      if (letter != 0) {
        out += '\\';
        out += letter;
      } else {
        out += c;
      }
    }
  }

 private:
  char escape_of(char c) const { return escapes_[static_cast<unsigned char>(c)]; }
  std::array<char, 256> escapes_{};  // 0: as it is
};

class CsvEncoder final : public LineEncoder {
 public:
  using LineEncoder::LineEncoder;

 protected:
  void escape(std::size_t start, std::string& out) override {
    const std::string_view field = std::string_view(out).substr(start);
    const char special[] = {options().delimiter, options().quote, '\n', '\r'};
    const bool quoted = field == options().null || (width() == 1 && field == "\\.") ||
                        field.find_first_of({special, sizeof special}) != std::string_view::npos;
    if (!quoted) return;
    scratch_.assign(field);
    out.resize(start);
    out += options().quote;
    for (const char c : scratch_) {
      if (c == options().quote || c == options().escape) out += options().escape;
      out += c;
    }
    out += options().quote;
  }
};

class BinaryEncoder final : public RowEncoder {
 public:
  explicit BinaryEncoder(const Schema& schema) : fields_(field_writers(schema, true, 0)) {}

  std::size_t append_rows(const Batch& batch, std::size_t first, std::size_t bytes_max,
                          std::string& out) override {
    std::size_t row = first;
    for (; row < batch.rows && out.size() < bytes_max; ++row) {
      MessageWriter message(out, 'd');
      append_header_once(message);
      message.uint16(static_cast<std::uint16_t>(fields_.size()));
      for (std::size_t i = 0; i < fields_.size(); ++i) {
        fields_[i].append_sized(*batch.columns[i], row, out);
      }
    }
    return row;
  }

  void append_end(std::string& out) override {
    MessageWriter message(out, 'd');
    append_header_once(message);
    message.uint16(0xffff);
  }

 private:
  // Together with the first tuple, as PostgreSQL does.
  void append_header_once(MessageWriter& message) {
    if (header_sent_) return;
    header_sent_ = true;
    message.bytes(binary_signature).uint32(0).uint32(0);
  }

  std::vector<FieldWriter> fields_;
  bool header_sent_ = false;
};

}  // namespace

std::unique_ptr<RowEncoder> copy_encoder(const Schema& schema, const CopyOptions& options,
                                         int extra_float_digits) {
  switch (options.format) {
    case CopyFormat::text:
      return std::make_unique<TextEncoder>(schema, options, extra_float_digits);
    case CopyFormat::csv:
      return std::make_unique<CsvEncoder>(schema, options, extra_float_digits);
    case CopyFormat::binary:
      return std::make_unique<BinaryEncoder>(schema);
  }
  throw unsupported("this format of COPY");
}

}  // namespace tailrace::server
