//! Traditional crypt: DES, 25 times over a block of zeros, bent by a salt of 12 bits.
//!
//! The password is the key. The salt swaps outputs of DES's expansion, so that no ordinary DES can
//! be used for it, here or by a guesser. Tables are those of FIPS 46-3, where bit 1 is the highest.

use subtle::ConstantTimeEq as _;

use super::apr1::ALPHABET;

/// Tells whether `password` gives the stored 13 characters: two of salt, eleven of digest.
pub(super) fn matches(stored: &str, password: &[u8]) -> bool {
    let [first, second, digest @ ..] = stored.as_bytes() else {
        return false;
    };
    let (Some(low), Some(high)) = (digit(*first), digit(*second)) else {
        return false;
    };
    let block = encrypt(low | high << 6, key_of(password));
    encoded(block)[..].ct_eq(digest).into()
}

fn digit(letter: u8) -> Option<u32> {
    let at = ALPHABET.iter().position(|&c| c == letter)?;
    u32::try_from(at).ok()
}

/// Takes the low seven bits of the first eight bytes; the eighth bit is DES's parity, not used.
fn key_of(password: &[u8]) -> u64 {
    let mut key = [0; 8];
    for (to, from) in key.iter_mut().zip(password) {
        *to = from << 1;
    }
    u64::from_be_bytes(key)
}

/// Writes 64 bits, and two zero bits after them, as eleven letters of six bits.
fn encoded(block: u64) -> [u8; 11] {
    let bits = u128::from(block) << 2;
    std::array::from_fn(|at| {
        let letter = (bits >> (6 * (10 - at))) & 0x3F;
        ALPHABET[usize::try_from(letter).expect("six bits fit")]
    })
}

/// Encrypts a block of zeros 25 times.
fn encrypt(salt: u32, key: u64) -> u64 {
    let keys = round_keys(key);
    let swaps = swaps_of(salt);
    let (mut left, mut right) = (0, 0);
    for _ in 0..25 {
        for key in keys {
            let next = left ^ round(right, key, swaps);
            left = right;
            right = next;
        }
        // The halves are exchanged after the last round. The final permutation of one pass and
        // the initial one of the next undo each other, so that one at the end is enough.
        (left, right) = (right, left);
    }
    permuted(u64::from(left) << 32 | u64::from(right), 64, &FINAL)
}

/// Returns the mask of the upper 24 bits of an expansion that trade places with the lower 24. The
/// lowest bit of the salt stands for the first bit of each half.
fn swaps_of(salt: u32) -> u64 {
    (0..12)
        .filter(|bit| salt >> bit & 1 == 1)
        .fold(0, |mask, bit| mask | 1 << (23 - bit))
}

fn round(half: u32, key: u64, swaps: u64) -> u32 {
    let wide = permuted(u64::from(half), 32, &EXPANSION);
    let traded = (wide >> 24 ^ wide) & swaps;
    let mixed = wide ^ traded ^ traded << 24 ^ key;
    let mut chosen = 0;
    for (at, choice) in CHOICES.iter().enumerate() {
        let six = mixed >> (42 - 6 * at) & 0x3F;
        // The outer two bits choose the row, the inner four the column.
        let row = usize::try_from(six >> 4 & 2 | six & 1).expect("two bits fit");
        let column = six >> 1 & 0xF;
        chosen = chosen << 4 | choice[row] >> (60 - 4 * column) & 0xF;
    }
    let mixed = permuted(chosen, 32, &ROUND);
    u32::try_from(mixed).expect("the permutation has 32 outputs")
}

/// Returns the sixteen round keys of 48 bits.
fn round_keys(key: u64) -> [u64; 16] {
    const HALF: u64 = (1 << 28) - 1;
    let chosen = permuted(key, 64, &KEY_CHOICE);
    let (mut left, mut right) = (chosen >> 28, chosen & HALF);
    let mut keys = [0; 16];
    for (round, key) in keys.iter_mut().enumerate() {
        let turns = if matches!(round, 0 | 1 | 8 | 15) {
            1
        } else {
            2
        };
        left = (left << turns | left >> (28 - turns)) & HALF;
        right = (right << turns | right >> (28 - turns)) & HALF;
        *key = permuted(left << 28 | right, 56, &ROUND_KEY_CHOICE);
    }
    keys
}

/// Gathers bits of a value of `width` bits into a new one, highest first; bit 1 is the highest.
fn permuted(value: u64, width: u8, table: &[u8]) -> u64 {
    table
        .iter()
        .fold(0, |out, &bit| out << 1 | value >> (width - bit) & 1)
}

#[rustfmt::skip]
const FINAL: [u8; 64] = [
    40, 8, 48, 16, 56, 24, 64, 32, 39, 7, 47, 15, 55, 23, 63, 31,
    38, 6, 46, 14, 54, 22, 62, 30, 37, 5, 45, 13, 53, 21, 61, 29,
    36, 4, 44, 12, 52, 20, 60, 28, 35, 3, 43, 11, 51, 19, 59, 27,
    34, 2, 42, 10, 50, 18, 58, 26, 33, 1, 41,  9, 49, 17, 57, 25,
];

#[rustfmt::skip]
const EXPANSION: [u8; 48] = [
    32,  1,  2,  3,  4,  5,  4,  5,  6,  7,  8,  9,  8,  9, 10, 11,
    12, 13, 12, 13, 14, 15, 16, 17, 16, 17, 18, 19, 20, 21, 20, 21,
    22, 23, 24, 25, 24, 25, 26, 27, 28, 29, 28, 29, 30, 31, 32,  1,
];

#[rustfmt::skip]
const ROUND: [u8; 32] = [
    16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10,
    2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25,
];

#[rustfmt::skip]
const KEY_CHOICE: [u8; 56] = [
    57, 49, 41, 33, 25, 17,  9,  1, 58, 50, 42, 34, 26, 18,
    10,  2, 59, 51, 43, 35, 27, 19, 11,  3, 60, 52, 44, 36,
    63, 55, 47, 39, 31, 23, 15,  7, 62, 54, 46, 38, 30, 22,
    14,  6, 61, 53, 45, 37, 29, 21, 13,  5, 28, 20, 12,  4,
];

#[rustfmt::skip]
const ROUND_KEY_CHOICE: [u8; 48] = [
    14, 17, 11, 24,  1,  5,  3, 28, 15,  6, 21, 10, 23, 19, 12,  4,
    26,  8, 16,  7, 27, 20, 13,  2, 41, 52, 31, 37, 47, 55, 30, 40,
    51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];

/// The eight boxes, S1 to S8. Each row is one number whose sixteen hexadecimal digits are its
/// columns.
#[rustfmt::skip]
const CHOICES: [[u64; 4]; 8] = [
    [0xE4D1_2FB8_3A6C_5907, 0x0F74_E2D1_A6CB_9538, 0x41E8_D62B_FC97_3A50, 0xFC82_4917_5B3E_A06D],
    [0xF18E_6B34_972D_C05A, 0x3D47_F28E_C01A_69B5, 0x0E7B_A4D1_58C6_932F, 0xD8A1_3F42_B67C_05E9],
    [0xA09E_63F5_1DC7_B428, 0xD709_346A_285E_CBF1, 0xD649_8F30_B12C_5AE7, 0x1AD0_6987_4FE3_B52C],
    [0x7DE3_069A_1285_BC4F, 0xD8B5_6F03_472C_1AE9, 0xA690_CB7D_F13E_5284, 0x3F06_A1D8_945B_C72E],
    [0x2C41_7AB6_853F_D0E9, 0xEB2C_47D1_50FA_3986, 0x421B_AD78_F9C5_630E, 0xB8C7_1E2D_6F09_A453],
    [0xC1AF_9268_0D34_E75B, 0xAF42_7C95_61DE_0B38, 0x9EF5_28C3_704A_1DB6, 0x432C_95FA_BE17_608D],
    [0x4B2E_F08D_3C97_5A61, 0xD0B7_491A_E35C_2F86, 0x14BD_C37E_AF68_0592, 0x6BD8_14A7_950F_E23C],
    [0xD284_6FB1_A93E_50C7, 0x1FD8_A374_C56B_0E92, 0x7B41_9CE2_06AD_F358, 0x21E7_4A8D_FC90_356B],
];
