-- What was heard in each take, beside what the take is: one row for each take that was scored. Whether it is in doubt is no column:
-- that is a matter of medians of its voice's other takes, which `sidecar review` and the library compute when they are asked.
CREATE OR REPLACE /*!80000 SQL SECURITY INVOKER */ /*M!100100 SQL SECURITY INVOKER */ VIEW tts_heard AS
SELECT r.id, s.event_id, r.created_at, r.text_input, COALESCE(NULLIF(r.language, ''), s.text_script) AS language, r.emotion, r.voice,
    r.voice_sha256, r.model_version, r.user_id, r.duration, r.truncated, r.audio_path, s.mos_overall, s.mos_signal, s.mos_background,
    s.mos_p808, s.loudness, s.true_peak, s.full_scale_share, s.near_peak_share, s.dc_offset, s.speech_seconds, s.leading_silence,
    s.trailing_silence, s.longest_silence, s.loudness_jump, s.signal_to_noise, s.change_rate, s.syllables, s.syllable_rate,
    s.scorer, s.scored_at, r.rating, r.verdict, r.reviewed_at, r.reviewed_by, r.reviewed_doubts, r.replaced_by, r.deleted_at,
    r.source
FROM tts_scores s JOIN tts_records r ON r.event_id = s.event_id
WHERE s.problem IS NULL AND r.status <> 'pending';
