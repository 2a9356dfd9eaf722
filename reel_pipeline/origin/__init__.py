"""Shows the folder that `mirror/` fills, as a web site on loopback. What lies in it is none of its business."""
