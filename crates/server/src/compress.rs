//! Compressing a page, once for each change.

use std::io::Write;

use wheelhouse_standards::accept::Encoding;

/// Levels at which a page of links gets almost as small as it can, in a few milliseconds.
const GZIP_LEVEL: u32 = 6;
const ZSTD_LEVEL: i32 = 6;
const BROTLI_QUALITY: u32 = 5;

/// Returns the bytes in an encoding. Blocks for milliseconds: not for request threads.
pub(crate) fn compress(bytes: &[u8], encoding: Encoding) -> Vec<u8> {
    const WRITES: &str = "writing to memory does not fail";
    match encoding {
        Encoding::Identity => bytes.to_vec(),
        Encoding::Gzip => {
            let level = flate2::Compression::new(GZIP_LEVEL);
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).expect(WRITES);
            encoder.finish().expect(WRITES)
        }
        Encoding::Zstd => zstd::bulk::compress(bytes, ZSTD_LEVEL).expect(WRITES),
        Encoding::Brotli => {
            let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4_096, BROTLI_QUALITY, 22);
            encoder.write_all(bytes).expect(WRITES);
            encoder.into_inner()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn each_encoding_gives_the_bytes_back() {
        let page = b"<a href=\"/packages/demo-1.0.tar.gz\">demo</a><br>\n".repeat(1_000);
        let mut back = Vec::new();
        let gzip = compress(&page, Encoding::Gzip);
        flate2::read::GzDecoder::new(&*gzip)
            .read_to_end(&mut back)
            .expect("gzip");
        assert_eq!(back, page);
        let zstd = compress(&page, Encoding::Zstd);
        assert_eq!(zstd::decode_all(&*zstd).expect("zstd"), page);
        let brotli = compress(&page, Encoding::Brotli);
        back.clear();
        brotli::Decompressor::new(&*brotli, 4_096)
            .read_to_end(&mut back)
            .expect("brotli");
        assert_eq!(back, page);
        assert!(gzip.len() < page.len() / 10 && brotli.len() < page.len() / 10);
    }
}
