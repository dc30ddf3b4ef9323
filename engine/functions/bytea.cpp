// Byte strings: lengths, bits, encodings, digests; uuids made from names.
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <bit>

#include "engine/functions/entry.hpp"
#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"
#include "engine/functions/utf8.hpp"

namespace tailrace::engine {

namespace {

using Bytes = std::string_view;

[[noreturn]] void throw_invalid(std::string message) {
  throw SqlError(sqlstate::invalid_parameter_value, std::move(message));
}

constexpr Bytes hex_digits = "0123456789abcdef";
constexpr Bytes base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void encode_hex(Bytes bytes, std::string& out) {
  for (const char c : bytes) {
    out += hex_digits[static_cast<unsigned char>(c) >> 4];
    out += hex_digits[static_cast<unsigned char>(c) & 15];
  }
}

void encode_base64(Bytes bytes, std::string& out) {
  std::size_t column = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    if (column == 76) {
      out += '\n';
      column = 0;
    }
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = (group << 8) | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= count ? base64_digits[(group >> (18 - 6 * i)) & 63] : '=';
    }
    column += 4;
  }
}

void encode_escape(Bytes bytes, std::string& out) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\') {
      out += "\\\\";
    } else if (byte == 0 || byte >= 0x80) {
      out += fmt::format("\\{:03o}", byte);
    } else {
      out += c;
    }
  }
}

void decode_hex(Bytes text, std::string& out) {
  int high = -1;
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') continue;
    const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
    const std::size_t digit = hex_digits.find(lower);
    if (digit == Bytes::npos) throw_invalid(fmt::format("invalid hexadecimal digit: \"{}\"", c));
    if (high < 0) {
      high = static_cast<int>(digit);
    } else {
      out += static_cast<char>(high * 16 + static_cast<int>(digit));
      high = -1;
    }
  }
  if (high >= 0) throw_invalid("invalid hexadecimal data: odd number of digits");
}

void decode_base64(Bytes text, std::string& out) {
  std::uint32_t group = 0;
  int digits = 0;
  int padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const std::size_t digit = base64_digits.find(c);
    if (digit == Bytes::npos) {
      throw_invalid(fmt::format("invalid symbol \"{}\" found while decoding base64 sequence", c));
    }
    if (padding > 0) throw_invalid("invalid base64 end sequence");
    group = (group << 6) | static_cast<std::uint32_t>(digit);
    if (++digits == 4) {
      out += static_cast<char>(group >> 16);
      out += static_cast<char>(group >> 8);
      out += static_cast<char>(group);
      digits = 0;
      group = 0;
    }
  }
  if (digits == 0 && padding == 0) return;
  if (digits < 2 || digits + padding != 4) throw_invalid("invalid base64 end sequence");
  group <<= 6 * (4 - digits);
  out += static_cast<char>(group >> 16);
  if (digits == 3) out += static_cast<char>(group >> 8);
}

void decode_escape(Bytes text, std::string& out) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      out += text[at];
    } else if (at + 1 < text.size() && text[at + 1] == '\\') {
      out += '\\';
      ++at;
    } else {
      int value = 0;
      if (at + 3 >= text.size())
        throw_invalid("invalid input syntax for type bytea: ends with escape character");
      for (std::size_t i = 1; i <= 3; ++i) {
        const char digit = text[at + i];
        if (digit < '0' || digit > '7')
          throw_invalid("invalid input syntax for type bytea: invalid escape sequence");
        value = value * 8 + (digit - '0');
      }
      out += static_cast<char>(value);
      at += 3;
    }
  }
}

std::string lowered(Bytes text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return result;
}

void encode_kernel(KernelCall& call) {
  write<Bytes, Bytes>(call, [](Bytes bytes, Bytes format, std::string& out) {
    const std::string name = lowered(format);
    if (name == "hex") {
      encode_hex(bytes, out);
    } else if (name == "base64") {
      encode_base64(bytes, out);
    } else if (name == "escape") {
      encode_escape(bytes, out);
    } else {
      throw_invalid(fmt::format("invalid encoding name '{}'", format));
    }
  });
}

void decode_kernel(KernelCall& call) {
  write<Bytes, Bytes>(call, [](Bytes text, Bytes format, std::string& out) {
    const std::string name = lowered(format);
    if (name == "hex") {
      decode_hex(text, out);
    } else if (name == "base64") {
      decode_base64(text, out);
    } else if (name == "escape") {
      decode_escape(text, out);
    } else {
      throw_invalid(fmt::format("invalid encoding name '{}'", format));
    }
  });
}

const EVP_MD* digest_named(Bytes name) {
  const std::string lower = lowered(name);
  for (const char* known : {"md5", "sha1", "sha224", "sha256", "sha384", "sha512"}) {
    if (lower == known) return EVP_get_digestbyname(known);
  }
  throw_invalid(fmt::format("invalid hash algorithm '{}'", name));
}

void append_digest(const EVP_MD* algorithm, Bytes bytes, std::string& out) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, algorithm, nullptr) != 1) {
    throw SqlError(sqlstate::internal_error, "the digest could not be computed");
  }
  out.append(reinterpret_cast<const char*>(digest.data()), size);
}

void md5_kernel(KernelCall& call) {
  write<Bytes>(call, [](Bytes bytes, std::string& out) {
    std::string digest;
    append_digest(EVP_md5(), bytes, digest);
    encode_hex(digest, out);
  });
}

template <const EVP_MD* (*algorithm)()>
void digest_kernel(KernelCall& call) {
  write<Bytes>(call, [](Bytes bytes, std::string& out) { append_digest(algorithm(), bytes, out); });
}

void named_digest_kernel(KernelCall& call) {
  write<Bytes, Bytes>(call, [](Bytes bytes, Bytes name, std::string& out) {
    append_digest(digest_named(name), bytes, out);
  });
}

void hmac_kernel(KernelCall& call) {
  write<Bytes, Bytes, Bytes>(call, [](Bytes bytes, Bytes key, Bytes name, std::string& out) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    HMAC(digest_named(name), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(), &size);
    out.append(reinterpret_cast<const char*>(digest.data()), size);
  });
}

void crc32_kernel(KernelCall& call) {
  compute<std::uint32_t(Bytes)>(call, [](Bytes bytes) noexcept {
    std::uint32_t crc = 0xFFFFFFFF;
    for (const char c : bytes) {
      crc ^= static_cast<unsigned char>(c);
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xEDB88320 & (0 - (crc & 1)));
    }
    return ~crc;
  });
}

void convert_from_kernel(KernelCall& call) {
  write<Bytes, Bytes>(call, [](Bytes bytes, Bytes encoding, std::string& out) {
    const std::string name = lowered(encoding);
    if (name != "utf8" && name != "utf-8")
      throw_invalid(fmt::format("invalid encoding name '{}'", encoding));
    const std::size_t bad = std::min(utf8::find_invalid(bytes), bytes.find('\0'));
    if (bad != Bytes::npos) {
      throw SqlError(sqlstate::character_not_in_repertoire,
                     fmt::format("invalid byte sequence '0x{:02x}' for encoding 'utf-8'",
                                 static_cast<unsigned char>(bytes[bad])));
    }
    out += bytes;
  });
}

// Version 5 of RFC 4122: SHA-1 of the namespace and the name.
Uuid uuid_of_name(const Uuid& space, Bytes name) {
  std::string input(reinterpret_cast<const char*>(space.bytes.data()), 16);
  input += name;
  std::string digest;
  append_digest(EVP_sha1(), input, digest);
  Uuid result;
  std::copy_n(digest.begin(), 16, reinterpret_cast<char*>(result.bytes.data()));
  result.bytes[6] = static_cast<std::uint8_t>((result.bytes[6] & 0x0F) | 0x50);
  result.bytes[8] = static_cast<std::uint8_t>((result.bytes[8] & 0x3F) | 0x80);
  return result;
}

void check_index(std::int64_t index, std::int64_t size) {
  if (index < 0 || index >= size) {
    throw SqlError(sqlstate::array_subscript_error,
                   fmt::format("index {} out of valid range, 0..{}", index, size - 1));
  }
}

}  // namespace

std::vector<Function> bytea_functions() {
  std::vector<Function> out;
  const auto add_length = [&](Bytes name, Bytes doc, Bytes example, Kernel kernel) {
    out.push_back(
        infallible(function_entry(name, {TypeId::bytea}, TypeId::int4, doc, example, kernel)));
  };
  const auto bytes_kernel = [](KernelCall& call) {
    compute<std::int32_t(Bytes)>(
        call, [](Bytes bytes) noexcept { return static_cast<std::int32_t>(bytes.size()); });
  };
  add_length("length", "How many bytes.", "length('\\x0102'::bytea) = 2", bytes_kernel);
  add_length("octet_length", "How many bytes.", "octet_length('\\x0102'::bytea) = 2", bytes_kernel);
  add_length(
      "bit_length", "How many bits.", "bit_length('\\x0102'::bytea) = 16", [](KernelCall& call) {
        compute<std::int32_t(Bytes)>(
            call, [](Bytes bytes) noexcept { return static_cast<std::int32_t>(bytes.size() * 8); });
      });
  out.push_back(infallible(
      function_entry("bit_count", {TypeId::bytea}, TypeId::int8, "How many bits are set.",
                     "bit_count('\\x03'::bytea) = 2", [](KernelCall& call) {
                       compute<std::int64_t(Bytes)>(call, [](Bytes bytes) noexcept {
                         std::int64_t count = 0;
                         for (const char c : bytes) {
                           count += std::popcount(static_cast<unsigned char>(c));
                         }
                         return count;
                       });
                     })));
  out.push_back(infallible(
      operator_entry("||", {TypeId::bytea, TypeId::bytea}, TypeId::bytea, "One after the other.",
                     "'\\x01'::bytea || '\\x02'::bytea = '\\x0102'", [](KernelCall& call) {
                       write<Bytes, Bytes>(call, [](Bytes a, Bytes b, std::string& to) {
                         to += a;
                         to += b;
                       });
                     })));
  out.push_back(function_entry("encode", {TypeId::bytea, TypeId::text}, TypeId::text,
                               "The bytes as text: hex, base64 or escape.",
                               "encode('\\x01ff'::bytea, 'hex') = '01ff'", encode_kernel));
  out.push_back(function_entry("decode", {TypeId::text, TypeId::text}, TypeId::bytea,
                               "The bytes that the text stands for: hex, base64 or escape.",
                               "decode('AQI=', 'base64') = '\\x0102'", decode_kernel));
  out.push_back(function_entry(
      "convert_from", {TypeId::bytea, TypeId::text}, TypeId::text, "The bytes as text.",
      "convert_from('\\x6162'::bytea, 'utf8') = 'ab'", convert_from_kernel));
  out.push_back(function_entry(
      "get_byte", {TypeId::bytea, TypeId::int4}, TypeId::int4, "The n-th byte, from 0.",
      "get_byte('\\x0102'::bytea, 1) = 2", [](KernelCall& call) {
        compute<std::int32_t(Bytes, std::int32_t)>(call, [](Bytes bytes, std::int32_t index) {
          check_index(index, static_cast<std::int64_t>(bytes.size()));
          return static_cast<std::int32_t>(
              static_cast<unsigned char>(bytes[static_cast<std::size_t>(index)]));
        });
      }));
  out.push_back(function_entry(
      "get_bit", {TypeId::bytea, TypeId::int4}, TypeId::int4,
      "The n-th bit, from 0 at the low end of the first byte.", "get_bit('\\x02'::bytea, 1) = 1",
      [](KernelCall& call) {
        compute<std::int32_t(Bytes, std::int32_t)>(call, [](Bytes bytes, std::int32_t index) {
          check_index(index, static_cast<std::int64_t>(bytes.size()) * 8);
          return (static_cast<unsigned char>(bytes[static_cast<std::size_t>(index / 8)]) >>
                  (index % 8)) &
                 1;
        });
      }));
  for (const TypeId type : {TypeId::text, TypeId::bytea}) {
    out.push_back(
        infallible(function_entry("md5", {type}, TypeId::text, "The MD5 digest in hexadecimal.",
                                  "md5('a') = '0cc175b9c0f1b6a831c399e269772661'", md5_kernel)));
    out.push_back(infallible(function_entry("crc32", {type}, TypeId::uint4, "The CRC-32 check sum.",
                                            "crc32('a') = 3904355907", crc32_kernel)));
    out.push_back(function_entry(
        "digest", {type, TypeId::text}, TypeId::bytea, "The digest by a named algorithm.",
        "encode(digest('a', 'md5'), 'hex') = '0cc175b9c0f1b6a831c399e269772661'",
        named_digest_kernel));
    out.push_back(function_entry("hmac", {type, type, TypeId::text}, TypeId::bytea,
                                 "The keyed digest by a named algorithm.",
                                 "length(hmac('a', 'k', 'sha256')) = 32", hmac_kernel));
    out.push_back(infallible(
        function_entry("constant_time_eq", {type, type}, TypeId::boolean,
                       "Whether both are equal, in a time that tells nothing of where they differ.",
                       "constant_time_eq('a', 'a') = true", [](KernelCall& call) {
                         compute<bool(Bytes, Bytes)>(call, [](Bytes a, Bytes b) noexcept {
                           if (a.size() != b.size()) return false;
                           unsigned char difference = 0;
                           for (std::size_t i = 0; i < a.size(); ++i) {
                             difference |= static_cast<unsigned char>(a[i] ^ b[i]);
                           }
                           return difference == 0;
                         });
                       })));
  }
  const auto add_digest = [&](Bytes name, Bytes example, Kernel kernel) {
    out.push_back(infallible(
        function_entry(name, {TypeId::bytea}, TypeId::bytea, "The digest.", example, kernel)));
  };
  add_digest("sha224", "length(sha224('a'::bytea)) = 28", digest_kernel<EVP_sha224>);
  add_digest("sha256", "length(sha256('a'::bytea)) = 32", digest_kernel<EVP_sha256>);
  add_digest("sha384", "length(sha384('a'::bytea)) = 48", digest_kernel<EVP_sha384>);
  add_digest("sha512", "length(sha512('a'::bytea)) = 64", digest_kernel<EVP_sha512>);
  out.push_back(infallible(
      function_entry("uuid_generate_v5", {TypeId::uuid, TypeId::text}, TypeId::uuid,
                     "The uuid of a name in a namespace.",
                     "uuid_generate_v5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'a') = "
                     "'4f3f2898-69e3-5a0d-820a-c4e87987dbce'",
                     [](KernelCall& call) { compute<Uuid(Uuid, Bytes)>(call, uuid_of_name); })));
  return out;
}

}  // namespace tailrace::engine
