-- Which emotion is used most (pie or bar)
SELECT emotion, SUM(takes) AS takes FROM tts_emotion_usage GROUP BY emotion ORDER BY takes DESC;
-- ... by whom (stacked bar: user_id, series emotion)
SELECT user_id, emotion, SUM(takes) AS takes FROM tts_emotion_usage GROUP BY user_id, emotion ORDER BY takes DESC;
-- What was made again, and what it cost (table)
SELECT text_input, takes, wasted_seconds, last_at FROM tts_duplicates ORDER BY wasted_seconds DESC LIMIT 50;
-- How load grows (line)
SELECT day, SUM(takes) AS takes, SUM(audio_seconds) AS audio_seconds FROM tts_load GROUP BY day ORDER BY day;
-- When it is highest (pivot: weekday by hour; 0 is Monday, hours are UTC)
SELECT weekday, hour, SUM(takes) AS takes FROM tts_load GROUP BY weekday, hour ORDER BY weekday, hour;
-- Did the model get worse (line: day, series model_version)
SELECT day, model_version, rtf FROM tts_quality ORDER BY day, model_version;
-- How much fails (line)
SELECT day, SUM(failed + interrupted) / (SUM(takes) * 1e0) AS failure_rate FROM tts_quality GROUP BY day ORDER BY day;
-- Which speaker prompts fail (table)
SELECT voice, attempts, failures, failure_rate, saturated FROM tts_voice_failures WHERE attempts >= 20 ORDER BY failure_rate DESC LIMIT 50;
-- Which requests fail (table)
SELECT text_input, attempts, failures, error_type, error_message FROM tts_request_failures ORDER BY failures DESC LIMIT 50;
-- Which outputs were good (table)
SELECT created_at, rating, rating_note, rated_by, text_input, audio_path FROM tts_ratings ORDER BY created_at DESC LIMIT 100;
-- Find (table)
SELECT created_at, status, emotion, user_id, duration, text_input, audio_path FROM tts_library WHERE text_input LIKE '%欢迎%' ORDER BY created_at DESC LIMIT 100;
