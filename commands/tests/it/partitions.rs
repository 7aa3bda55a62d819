//! The partition of a key is the same wherever it is computed.

use domain::kernel::{murmur2, partition_of};

use crate::support::{Dice, database};

#[tokio::test]
async fn postgres_and_the_program_agree_on_the_partition_of_every_key() {
    let db = database().await;
    let mut dice = Dice::seeded("partitions");
    let alphabet: Vec<char> = "abc-XYZ 0123456789éßλ漢🦀\n'\\".chars().collect();
    let mut keys: Vec<String> = (0..1000_u64)
        .map(|length| (0..length % 41).map(|_| alphabet[usize::try_from(dice.below(alphabet.len() as u64)).expect("small")]).collect())
        .collect();
    keys.extend((0..1000).map(|_| platform::clock::new_id().to_string()));
    let found: Vec<(i64, i32)> =
        sqlx::query_as("SELECT log.murmur2(k), log.partition_of(k) FROM unnest($1::text[]) WITH ORDINALITY AS u (k, n) ORDER BY n")
            .bind(&keys)
            .fetch_all(&db.app)
            .await
            .expect("answered");
    assert_eq!(found.len(), keys.len());
    for (key, found) in keys.iter().zip(found) {
        let expected = (i64::from(murmur2(key.as_bytes()) & 0x7fff_ffff), partition_of(key, db.partitions));
        assert_eq!(found, expected, "{key:?}");
    }
    db.drop().await;
}
